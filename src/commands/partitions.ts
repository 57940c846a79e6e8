import { CommandError, UsageError } from '../errors.ts'
import { divideLogs, findRisk, listPartitions, uniteLogs } from '../retention/partitions/partitions.ts'
import { beginAudit } from '../store/audit.ts'
import { commandLine, type Context } from './context.ts'
import { withTables } from './database.ts'

/** Partitions the logs by time, or undoes it. */
export async function setPartitions ({ settings, print }: Context, state: string): Promise<void> {
  if (state !== 'on' && state !== 'off') throw new UsageError('expected "on" or "off"')
  await withTables(settings, async (knex) => {
    if (state === 'off') {
      await beginAudit(knex, { by: commandLine, action: 'partitions', detail: { state } })
      await uniteLogs(knex)
      print('the logs are not partitioned')
      return
    }
    const risk = await findRisk(knex)
    if (risk !== undefined) throw new CommandError(risk)
    await beginAudit(knex, { by: commandLine, action: 'partitions', detail: { state } })
    await divideLogs(knex)
    const names = (await listPartitions(knex)).map(({ name }) => name)
    if (names.length === 0) throw new CommandError('this table of logs cannot be partitioned')
    print(`the logs are divided into ${names.length} partitions: ${names.join(', ')}`)
  })
}
