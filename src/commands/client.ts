// The commands that ask a server over HTTP: its address and the token are given by flags, the
// environment, `.env`, or `~/.config/loggerbot/client.env`, in this order.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import type { SettingName, Settings } from '../config.ts'
import { CommandError } from '../errors.ts'
import { printableJson, textOf } from '../query/format.ts'
import type { PresentedLog } from '../query/api-log.ts'
import type { Command, Given, Streams } from './command.ts'

/** Their flags for the settings. */
export const clientFlags: Record<string, SettingName> = { server: 'LOGGER_SERVER', token: 'LOGGER_TOKEN' }

/** Their flags for what is meant. */
export const whatOptions = {
  from: { type: 'string', description: 'from when on: an ISO 8601 time, a day, or how long ago: -15m, -1h, -7d' },
  to: { type: 'string', description: 'until when; as --from' },
  owner: { type: 'string', description: 'for administrators: the one user whose logs are meant' }
} satisfies Command['options']

export const clientDetails = 'The server (--server) and a token with scope read (--token) may also stand in the environment, in .env or in ~/.config/loggerbot/client.env. The query language: docs/querying.md.'

/** Where the server's address and the token are looked up. */
export interface ClientSource extends Pick<Given, 'home' | 'sourceOf'> {
  settings: Settings
}

/** Asks the server; an answer that is none is one line. Parameters without a value are left out. */
export async function ask (source: ClientSource, path: string, parameters: Record<string, string | undefined>, headers: Record<string, string> = {}): Promise<Response> {
  const { base, token } = accessOf(source)
  const url = addressOf(base, path)
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value)
  let response
  try {
    response = await fetch(url, { headers: { ...headers, ...authorization(token, new URL(base)) } })
  } catch (error) {
    throw new Unreachable(`no server answers at ${url.origin}: ${reasonOf(error)}`)
  }
  if (!response.ok) {
    const { detail } = await response.json().catch(() => ({ detail: undefined })) as { detail?: string }
    throw new CommandError(`${url.origin} answered ${response.status}: ${detail ?? response.statusText}${response.status === 401 ? ' (give a token: --token, or LOGGER_TOKEN; loggerbot token add makes one)' : ''}`)
  }
  return response
}

/** What a server answered. Throws where that is no JSON. */
export async function jsonOf<T> (response: Response): Promise<T> {
  try {
    return await response.json() as T
  } catch {
    throw new CommandError(`${new URL(response.url).origin} answered what is no JSON: is it a LoggerBot Server?`)
  }
}

/**
 * The server's address and the token. A folder's `.env` may be a stranger's, who would have the token sent to a server of theirs: to one
 * that is named there goes only a token that is named there, too, or that comes with the command.
 */
function accessOf ({ settings, home, sourceOf }: ClientSource): { base: string, token?: string } {
  const file = readClientFile(home)
  const base = settings.LOGGER_SERVER || file.LOGGER_SERVER || 'http://127.0.0.1:5000'
  const token = settings.LOGGER_TOKEN || file.LOGGER_TOKEN
  const isServerOfFolder = settings.LOGGER_SERVER !== '' && sourceOf('LOGGER_SERVER') === '.env'
  const tokenSource = settings.LOGGER_TOKEN === '' ? '~/.config/loggerbot/client.env' : sourceOf('LOGGER_TOKEN')
  if (token && isServerOfFolder && tokenSource !== '.env' && tokenSource !== 'flag') {
    const where = tokenSource === 'environment' ? 'the environment' : tokenSource
    throw new CommandError(`.env of this folder names the server ${addressOf(base, '').origin}, and your token is in ${where}: it is not sent there; name the server with --server, or give the token with --token`)
  }
  return { base, token }
}

/** The server can't be reached for now. */
export class Unreachable extends CommandError {}

function addressOf (base: string, path: string): URL {
  let url
  try {
    url = new URL(`${base.replace(/\/$/, '')}${path}`)
  } catch {
    throw new CommandError(`LOGGER_SERVER (--server) must be an address like http://127.0.0.1:5000, not ${base}`)
  }
  if (!/^https?:$/.test(url.protocol)) throw new CommandError(`LOGGER_SERVER (--server) must begin with http:// or https://, not ${url.protocol}`)
  url.username = ''
  url.password = ''
  return url
}

function authorization (token: string | undefined, { username, password }: URL): { authorization?: string } {
  if (token) return { authorization: `Bearer ${token}` }
  return username === '' ? {} : { authorization: `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}` }
}

function readClientFile (home: string): Record<string, string | undefined> {
  try {
    return parseEnv(readFileSync(join(home, '.config', 'loggerbot', 'client.env'), 'utf8'))
  } catch {
    return {}
  }
}

function reasonOf (error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
}

const colours: Record<string, string> = { debug: '\x1b[2m', warning: '\x1b[33m', error: '\x1b[31m', critical: '\x1b[1;31m' }

/** Writes a log as a line: coloured by level on a terminal, plain elsewhere, or JSON. */
export function writeLog (log: PresentedLog, json: boolean, stdout: Streams['stdout']): void {
  if (json) {
    stdout.write(`${printableJson(JSON.stringify(log))}\n`)
  } else if (stdout.hasColors?.() === true && Object.hasOwn(colours, log.level)) {
    stdout.write(`${colours[log.level]}${textOf(log)}\x1b[0m\n`)
  } else {
    stdout.write(`${textOf(log)}\n`)
  }
}
