import { randomBytes } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { registerUser } from '../authenticate/register.ts'
import type { Settings } from '../config.ts'
import { word } from '../decode/contract.ts'
import { BadRequest, CommandError, Conflict, UsageError } from '../errors.ts'
import { utcTime } from '../model/instant.ts'
import { isWord } from '../model/name.ts'
import { printableLine } from '../query/format.ts'
import { usersOf } from '../store/users.ts'
import { shellQuote, urlOf, type Context, type Streams } from './context.ts'
import { withTables } from './database.ts'
import { askSecret } from './prompt.ts'
import { tableLines } from './table.ts'

export interface AddUserOptions {
  telId?: string
  admin?: boolean
  passwordStdin?: boolean
}

/** Creates a user and prints their token, once. */
export async function addUser (context: Context, name: string, options: AddUserOptions): Promise<void> {
  const { settings, streams, print } = context
  const { telId, admin = false, passwordStdin = false } = options
  requireWord('NAME', name)
  if (telId !== undefined) requireWord('--tel-id', telId)
  const { password, isGenerated } = await readPassword(streams, passwordStdin)
  requireWord('the password', password)

  const user = { name, password, telId: telId ?? null, admin }
  const { token, created } = await onUsers(settings, (users) => registerUser(users, user))
  print(created ? `user ${name} can send logs` : `user ${name} exists already; nothing changed`)
  if (isGenerated) print(`  password  ${password}`)
  print(`  token     ${token}`)
  print(`  try it    ${curlCommand(settings, name, token)}`)
}

/** Lists the users. */
export async function listUsers ({ settings, print }: Context): Promise<void> {
  const users = await onUsers(settings, (users) => users.list())
  const lines = tableLines([
    ['NAME', 'CREATED (UTC)', 'STATE'],
    ...users.map(({ name, createdAt, disabled, admin }) => {
      const state = disabled ? 'disabled' : 'active'
      return [printableLine(name), createdAt.slice(0, 19), admin ? `${state}, administrator` : state]
    })
  ])
  for (const line of lines) print(line)
}

/** Disables a user; their logs stay. */
export async function disableUser ({ settings, print }: Context, name: string): Promise<void> {
  if (!await onUsers(settings, (users) => users.disable(name))) throw new CommandError(`there is no user ${name}`)
  print(`user ${name} is disabled`)
}

/** Sets the number of days that a user's logs are kept. */
export async function setUserRetention ({ settings, print }: Context, name: string, days: string): Promise<void> {
  if (!/^(default|\d{1,5})$/.test(days)) {
    throw new UsageError('DAYS must be a number of days, 0 (for ever) or default (as LOGGER_RETENTION_DAYS says)')
  }
  const isSet = await onUsers(settings, (users) => users.keepFor(name, days === 'default' ? null : Number(days)))
  if (!isSet) throw new CommandError(`there is no user ${name}`)
  const period = days === '0' ? 'for ever' : days === 'default' ? 'as long as the settings say' : `for ${days} days`
  print(`the logs of ${name} are kept ${period}`)
}

async function onUsers<T> (settings: Settings, work: (users: ReturnType<typeof usersOf>) => Promise<T>): Promise<T> {
  return withTables(settings, async (knex) => {
    try {
      return await work(usersOf(knex))
    } catch (error) {
      if (error instanceof BadRequest) throw new UsageError(error.message)
      throw error instanceof Conflict ? new CommandError(error.message) : error
    }
  })
}

function requireWord (field: string, value: string): void {
  if (!isWord(value)) throw new UsageError(`${field} must be ${word.description}`)
}

async function readPassword (
  { stdin, stderr }: Streams, fromStdin: boolean
): Promise<{ password: string, isGenerated: boolean }> {
  if (fromStdin) return { password: (await text(stdin)).replace(/\r?\n$/, ''), isGenerated: false }
  const typed = stdin.isTTY ? await askSecret('password (empty: generate one): ', { stdin, stderr }) : ''
  if (typed !== '') return { password: typed, isGenerated: false }
  return { password: randomBytes(18).toString('base64url'), isGenerated: true }
}

function curlCommand (settings: Settings, user: string, token: string): string {
  const time = `${utcTime().slice(0, 19).replace(' ', 'T')}Z`
  const log = { level: 'info', msg: 'Hello', event_at: time, p_description: '' }
  const body = JSON.stringify({ data: { user, pid: 1, p_name: 'curl', post_time: time, logs: [log] } })
  const url = `${urlOf(settings.LOGGER_HOST, settings.LOGGER_PORT)}/send_logs`
  return `curl ${url} -H 'Content-Type: application/json' -H 'X-User-Token: ${token}' -d ${shellQuote(body)}`
}
