import type { Knex } from 'knex'

/**
 * The view `logs`, for people and their tools, with the column names of the API. docs/sql.md promises it.
 *
 * It is a LEFT JOIN, so that MySQL never starts from `users`: it would then read all logs of a user, whatever the
 * time. A condition on the user's name makes it equal to an inner join. On MySQL the view runs with the rights of its
 * creator (SQL SECURITY DEFINER, the default): a login that may read only the view sees nothing of the tables behind.
 */
export async function up (knex: Knex): Promise<void> {
  await knex.schema.raw(`
    CREATE VIEW logs AS
    SELECT user_logs.id AS id, user_id, username AS user, log_event_at AS at, log_level AS level, p_name AS process,
      pid, p_description AS description, log_msg AS message, post_time AS posted, attributes
    FROM user_logs LEFT JOIN users ON users.id = user_id`)
}

export async function down (knex: Knex): Promise<void> {
  await knex.schema.raw('DROP VIEW logs')
}
