// The commands that ask a server over HTTP: its address and the token are given by flags, the
// environment, `.env`, or `~/.config/loggerbot/client.env`, in this order.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import type { SettingName, Settings } from '../config.ts'
import { CommandError } from '../errors.ts'
import { textOf } from '../query/format.ts'
import type { PresentedLog } from '../query/present.ts'
import type { Command, Streams } from './command.ts'

/** Their flags for the settings. */
export const clientFlags: Record<string, SettingName> = { server: 'LOGGER_SERVER', token: 'LOGGER_TOKEN' }

/** Their flags for what is meant. */
export const whatOptions = {
  from: { type: 'string', description: 'from when on: an ISO 8601 time, a day, or how long ago: -15m, -1h, -7d' },
  to: { type: 'string', description: 'until when; as --from' },
  owner: { type: 'string', description: 'for administrators: the one user whose logs are meant' }
} satisfies Command['options']

export const clientDetails = 'The server (--server) and a token with scope read (--token) may also stand in the environment, in .env or in ~/.config/loggerbot/client.env. The query language: docs/query.md.'

/** Where the server's address and the token are looked up. */
export interface ClientSource {
  settings: Settings
  /** Folder whose `.config/loggerbot/client.env` is read. */
  home: string
}

/** Asks the server; an answer that is none is one line. Parameters without a value are left out. */
export async function ask ({ settings, home }: ClientSource, path: string, parameters: Record<string, string | undefined>, headers: Record<string, string> = {}): Promise<Response> {
  const file = readClientFile(home)
  const base = settings.LOGGER_SERVER || file.LOGGER_SERVER || 'http://127.0.0.1:5000'
  const url = addressOf(base, path)
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value)
  let response
  try {
    response = await fetch(url, { headers: { ...headers, ...authorization(settings.LOGGER_TOKEN || file.LOGGER_TOKEN, new URL(base)) } })
  } catch (error) {
    throw new Unreachable(`no server answers at ${url.origin}: ${reasonOf(error)}`)
  }
  if (!response.ok) {
    const { detail } = await response.json().catch(() => ({ detail: undefined })) as { detail?: string }
    throw new CommandError(`${url.origin} answered ${response.status}: ${detail ?? response.statusText}${response.status === 401 ? ' (give a token: --token, or LOGGER_TOKEN; loggerbot token add makes one)' : ''}`)
  }
  return response
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

const colours: Record<string, string> = { debug: '\x1b[2m', info: '', warning: '\x1b[33m', error: '\x1b[31m', critical: '\x1b[1;31m' }

/** A log as a line for whoever reads standard output: coloured by level on a terminal, plain elsewhere, or JSON. */
export function lineOf (log: PresentedLog, json: boolean, stdout: Streams['stdout']): string {
  if (json) return JSON.stringify(log)
  const colour = stdout.hasColors?.() === true ? colours[log.level] ?? '' : ''
  return colour === '' ? textOf(log) : `${colour}${textOf(log)}\x1b[0m`
}
