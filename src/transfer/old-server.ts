// The tables of the former server: `users`, with md5(user + password) as `token`, and `users_logs` or `user_logs`.
import type { Knex } from 'knex'
import { hashCredential, verifyCredential } from '../authenticate/credential.ts'
import { noProcess } from '../decode/record/fields.ts'
import { severityOfName, severityOfPythonNumber } from '../decode/severity/index.ts'
import { CommandError } from '../errors.ts'
import type { Actor } from '../model/caller.ts'
import { isNewName, isWord } from '../model/name.ts'
import type { Severity } from '../model/record.ts'
import { parseTime } from '../model/time.ts'
import { usersOf } from '../store/users.ts'
import type { LogSource, SourceLog } from './import.ts'
import {
  columnsOf, othersOf, pidOf, requireColumns, tableSource, textOf, withLowerNames, type OldRow
} from './old-table.ts'

const logTables = ['users_logs', 'user_logs']
const ownColumns = new Set([
  'id', 'user_id', 'log_level', 'log_msg', 'log_event_at', 'pid', 'p_name', 'p_description', 'post_time'
])

/** What became of the users of the former server. */
export interface ImportedUsers {
  /** Ids of the users here, by their ids there. */
  ids: ReadonlyMap<string, number>
  created: number
  /** A sentence for each user that could not be created, or that has another password here. */
  problems: string[]
}

/** Creates the users of the former server with the same passwords. Those that exist by name are left as they are. */
export async function importUsers (old: Knex, knex: Knex, by: Actor): Promise<ImportedUsers> {
  await requireColumns(old, 'users', ['id', 'username', 'token'])
  const users = usersOf(knex)
  const ids = new Map<string, number>()
  const problems: string[] = []
  let created = 0
  for (const row of (await old<OldRow>('users').select('*').orderBy('id')).map(withLowerNames)) {
    const name = textOf(row.username)
    const token = textOf(row.token).toLowerCase()
    const isUsable = isNewName(name) && /^[0-9a-f]{32}$/.test(token)
    const before = await users.find(name)
    if (!before && isUsable) {
      const telId = textOf(row.tel_id)
      const user = { name, credential: await hashCredential(token), telId: isWord(telId) ? telId : null }
      if (await users.insert(user, { by, action: 'user.add', detail: { user: name, admin: false } })) created++
    }
    const user = before ?? await users.find(name)
    if (user) ids.set(textOf(row.id), user.id)
    else problems.push(`user ${JSON.stringify(name)} has an unusable name or token: their logs are left out`)
    if (before && !await verifyCredential(token, before.credential)) {
      problems.push(`user ${name} exists here with another password, and keeps that one`)
    }
  }
  return { ids, created, problems }
}

/** The logs of the former server. Throws CommandError if the table is missing, or one of its columns. */
export async function oldServerLogs (old: Knex, place: string, ids: ReadonlyMap<string, number>): Promise<LogSource> {
  const table = await findLogTable(old)
  await requireColumns(old, table, ['id', 'user_id', 'log_level', 'log_msg', 'log_event_at'])
  return tableSource({
    knex: old,
    table,
    place,
    toLog (row) {
      const userId = ids.get(textOf(row.user_id))
      return userId === undefined ? undefined : { userId, ...toLog(row) }
    }
  })
}

async function findLogTable (old: Knex): Promise<string> {
  for (const table of logTables) if ((await columnsOf(old, table)).length > 0) return table
  throw new CommandError(`there is no table ${logTables.join(' or ')}`)
}

type Log = SourceLog extends infer Either ? Either extends SourceLog ? Omit<Either, 'userId'> : never : never

function toLog (row: OldRow): Log {
  const eventAt = parseTime(textOf(row.log_event_at))
  const severity = severityOf(textOf(row.log_level))
  if (eventAt === undefined) return rejected(row, 'log_event_at is no time in the years 1000 to 9999')
  if (severity === undefined) return rejected(row, 'log_level is no known level')
  return {
    record: {
      eventAt,
      postTime: parseTime(textOf(row.post_time)) ?? eventAt,
      severity,
      message: textOf(row.log_msg),
      pid: pidOf(row.pid),
      processName: textOf(row.p_name) || noProcess,
      description: textOf(row.p_description),
      attributes: othersOf(row, ownColumns)
    }
  }
}

function severityOf (level: string): Severity | undefined {
  return /^\d+$/.test(level) ? severityOfPythonNumber(Number(level)) : severityOfName(level)
}

function rejected (row: OldRow, reason: string): Log {
  return { rejected: { source: 'import', reason, raw: JSON.stringify(row) } }
}
