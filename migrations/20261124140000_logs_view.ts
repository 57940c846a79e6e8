import type { Knex } from 'knex'

/**
 * The logs for people and their tools, by the names of the API: docs/sql.md promises it.
 *
 * By LEFT JOIN, so that MySQL never begins with `users`: from there it would read all the logs of a
 * user, whatever the time. Where a user is asked for by name it is as good as an inner one. In MySQL
 * the view runs with the rights of who made it (SQL SECURITY DEFINER, the default): a login that may
 * read the view alone sees nothing of the tables behind it.
 */
export async function up (knex: Knex): Promise<void> {
  await knex.schema.raw(`
    CREATE VIEW logs AS
    SELECT user_logs.id AS id, user_id, username AS user, log_event_at AS at, log_level AS level, p_name AS process, pid,
      p_description AS description, log_msg AS message, post_time AS posted, attributes
    FROM user_logs LEFT JOIN users ON users.id = user_id`)
}

export async function down (knex: Knex): Promise<void> {
  await knex.schema.raw('DROP VIEW logs')
}
