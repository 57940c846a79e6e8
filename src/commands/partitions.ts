import { CommandError, UsageError } from '../errors.ts'
import { divideLogs, listPartitions, uniteLogs } from '../retention/partitions/partitions.ts'
import type { Command } from './command.ts'
import { withTables } from './database.ts'

/** Divides the logs by time, or makes them one piece again. */
export const partitions: Command = {
  summary: 'on: divide the logs by time (MySQL, MariaDB), so that old ones go at once, with their files; off: undo it',
  details: `The table is copied; meanwhile new logs wait, or go to the spool. MariaDB does not sync the file in which it
keeps what partitions there are: run sync on its machine afterwards. A power cut in the half minute after a
change, of which retention makes some each month, can leave its table unreadable until that file is restored.`,
  positionals: ['on|off'],

  async run (settings, { positionals: [state], print }) {
    if (state !== 'on' && state !== 'off') throw new UsageError('say on or off')
    await withTables(settings, async (knex) => {
      await (state === 'on' ? divideLogs(knex) : uniteLogs(knex))
      const found = await listPartitions(knex)
      if (state === 'on' && found.length === 0) throw new CommandError('this table of logs can\'t be divided')
      print(state === 'on' ? `the logs are divided into ${found.length} partitions: ${found.map(({ name }) => name).join(', ')}` : 'the logs are one piece')
    })
  }
}
