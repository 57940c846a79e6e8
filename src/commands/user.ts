import { randomBytes } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { changePassword } from '../authenticate/password.ts'
import { registerUser } from '../authenticate/register.ts'
import type { Settings } from '../config.ts'
import { word } from '../decode/contract.ts'
import { BadRequest, CommandError, Conflict, NotFound, UsageError } from '../errors.ts'
import { utcTime } from '../model/instant.ts'
import { isWord } from '../model/name.ts'
import { printableLine } from '../query/format.ts'
import { credentialsOf } from '../store/credentials.ts'
import { changeUser, type UserChanges } from '../store/user-changes.ts'
import { usersOf } from '../store/users.ts'
import { commandLine, shellQuote, urlOf, type Context, type Streams } from './context.ts'
import { withTables, type Knex } from './database.ts'
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

  const user = { name, password, telId: telId ?? null, admin, by: commandLine }
  const { token, created } = await onUsers(settings, (knex) => registerUser(usersOf(knex), user))
  print(created ? `user ${name} can send logs` : `user ${name} exists already; nothing changed`)
  if (isGenerated) print(`  password  ${password}`)
  print(`  token     ${token}`)
  print(`  try it    ${curlCommand(settings, name, token)}`)
}

/** Lists the users. */
export async function listUsers ({ settings, print }: Context): Promise<void> {
  const users = await onUsers(settings, (knex) => usersOf(knex).list())
  const lines = tableLines([
    ['NAME', 'CREATED (UTC)', 'STATE'],
    ...users.map(({ name, createdAt, disabled, admin }) => {
      const state = disabled ? 'disabled' : 'active'
      return [printableLine(name), createdAt.slice(0, 19), admin ? `${state}, administrator` : state]
    })
  ])
  for (const line of lines) print(line)
}

/** Changes a user's password, and prints the contract's new token, once. */
export async function setPassword (
  { settings, streams, print }: Context, name: string, { passwordStdin = false }: { passwordStdin?: boolean }
): Promise<void> {
  const { password, isGenerated } = await readPassword(streams, passwordStdin)
  requireWord('the password', password)
  const token = await onUser(settings, name, (knex) =>
    changePassword(credentialsOf(knex), { name, password, by: commandLine }))
  print(`the password of ${name} is changed; their sessions have ended, their random tokens stay`)
  if (isGenerated) print(`  password  ${password}`)
  print(`  token     ${token}`)
}

/** Disables a user; their logs stay. */
export async function disableUser ({ settings, print }: Context, name: string): Promise<void> {
  await change(settings, name, { disabled: true })
  print(`user ${name} is disabled`)
}

/** Enables a disabled user. */
export async function enableUser ({ settings, print }: Context, name: string): Promise<void> {
  await change(settings, name, { disabled: false })
  print(`user ${name} is enabled`)
}

/** Makes a user an administrator, or undoes it. */
export async function setAdministrator ({ settings, print }: Context, name: string, state: string): Promise<void> {
  if (state !== 'on' && state !== 'off') throw new UsageError('expected "on" or "off"')
  await change(settings, name, { admin: state === 'on' })
  print(`user ${name} is ${state === 'on' ? 'an' : 'no'} administrator`)
}

/** Sets the number of days that a user's logs are kept. */
export async function setUserRetention ({ settings, print }: Context, name: string, days: string): Promise<void> {
  if (!/^(default|\d{1,5})$/.test(days)) {
    throw new UsageError('DAYS must be a number of days, 0 (for ever) or default (as LOGGER_RETENTION_DAYS says)')
  }
  await change(settings, name, { retentionDays: days === 'default' ? null : Number(days) })
  const period = days === '0' ? 'for ever' : days === 'default' ? 'as long as the settings say' : `for ${days} days`
  print(`the logs of ${name} are kept ${period}`)
}

async function change (settings: Settings, name: string, changes: UserChanges): Promise<void> {
  await onUser(settings, name, (knex) => changeUser(knex, name, changes, commandLine))
}

async function onUser<T> (settings: Settings, name: string, work: (knex: Knex) => Promise<T>): Promise<T> {
  return onUsers(settings, (knex) => work(knex).catch((error) => {
    throw error instanceof NotFound ? new CommandError(`there is no user ${name}`) : error
  }))
}

async function onUsers<T> (settings: Settings, work: (knex: Knex) => Promise<T>): Promise<T> {
  return withTables(settings, async (knex) => {
    try {
      return await work(knex)
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
