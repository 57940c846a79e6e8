import { randomBytes } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { registerUser } from '../authenticate/register.ts'
import type { Settings } from '../config.ts'
import { word } from '../decode/contract.ts'
import { BadRequest, CommandError, Conflict, UsageError } from '../errors.ts'
import { printableLine } from '../query/format.ts'
import { utcTime } from '../model/instant.ts'
import { usersOf } from '../store/users.ts'
import { shellQuote, urlOf, type Command, type Streams } from './command.ts'
import { withTables } from './database.ts'
import { askSecret } from './prompt.ts'

/** Makes a user and prints their token, once. */
export const userAdd: Command = {
  summary: 'make a user; prints their token and a curl command that sends a log',
  details: 'On a terminal the password is asked for, and generated when left empty; elsewhere it is generated.',
  positionals: ['NAME'],
  options: {
    'tel-id': { type: 'string', description: 'the user\'s Telegram chat id' },
    admin: { type: 'boolean', description: 'the user sees everybody\'s logs' },
    'password-stdin': { type: 'boolean', description: 'read the password from standard input' }
  },

  async run (settings, { positionals: [name], options, streams, print }) {
    const telId = options['tel-id'] as string | undefined
    requireWord('NAME', name!)
    if (telId !== undefined) requireWord('--tel-id', telId)
    const { password, generated } = await readPassword(streams, options['password-stdin'] === true)
    requireWord('the password', password)

    const { token, created } = await onUsers(settings, (users) => registerUser(users, { name: name!, password, telId: telId ?? null, admin: options.admin === true }))
    print(created ? `user ${name} can send logs` : `user ${name} exists already; nothing changed`)
    if (generated) print(`  password  ${password}`)
    print(`  token     ${token}`)
    print(`  try it    ${curl(settings, name!, token)}`)
  }
}

/** Lists the users. */
export const userList: Command = {
  summary: 'list the users',

  async run (settings, { print }) {
    const users = (await onUsers(settings, (users) => users.list())).map((user) => ({ ...user, name: printableLine(user.name) }))
    const width = users.reduce((width, { name }) => Math.max(width, name.length), 4)
    print(`${'NAME'.padEnd(width)}  CREATED (UTC)        STATE`)
    for (const { name, createdAt, disabled, admin } of users) {
      print(`${name.padEnd(width)}  ${createdAt.slice(0, 19)}  ${disabled ? 'disabled' : 'active'}${admin ? ', administrator' : ''}`)
    }
  }
}

/** Shuts a user out; their logs stay. */
export const userDisable: Command = {
  summary: 'shut a user out, within a second; their logs stay',
  positionals: ['NAME'],

  async run (settings, { positionals: [name], print }) {
    if (!await onUsers(settings, (users) => users.disable(name!))) throw new CommandError(`there is no user ${name}`)
    print(`user ${name} is disabled`)
  }
}

/** Says for how long a user's logs are kept. */
export const userRetention: Command = {
  summary: 'say for how many days a user\'s logs are kept: a number, 0 (for ever) or default',
  positionals: ['NAME', 'DAYS'],

  async run (settings, { positionals: [name, days], print }) {
    if (!/^(default|\d{1,5})$/.test(days!)) throw new UsageError('DAYS must be a number of days, 0 (for ever) or default (as LOGGER_RETENTION_DAYS says)')
    if (!await onUsers(settings, (users) => users.keepFor(name!, days === 'default' ? null : Number(days)))) throw new CommandError(`there is no user ${name}`)
    print(`the logs of ${name} are kept ${days === '0' ? 'for ever' : days === 'default' ? 'as long as the settings say' : `for ${days} days`}`)
  }
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

function requireWord (what: string, value: string): void {
  if (!new RegExp(word.pattern!, 'u').test(value)) throw new UsageError(`${what} must be ${word.description}`)
}

async function readPassword ({ stdin, stderr }: Streams, fromStdin: boolean): Promise<{ password: string, generated: boolean }> {
  if (fromStdin) return { password: (await text(stdin)).replace(/\r?\n$/, ''), generated: false }
  const asked = stdin.isTTY ? await askSecret('password (empty: generate one): ', { stdin, stderr }) : ''
  return asked === '' ? { password: randomBytes(18).toString('base64url'), generated: true } : { password: asked, generated: false }
}

function curl (settings: Settings, user: string, token: string): string {
  const time = `${utcTime().slice(0, 19).replace(' ', 'T')}Z`
  const body = { data: { user, pid: 1, p_name: 'curl', post_time: time, logs: [{ level: 'info', msg: 'Hello', event_at: time, p_description: '' }] } }
  const url = `${urlOf(settings.LOGGER_HOST, settings.LOGGER_PORT)}/send_logs`
  return `curl ${url} -H 'Content-Type: application/json' -H 'X-User-Token: ${token}' -d ${shellQuote(JSON.stringify(body))}`
}
