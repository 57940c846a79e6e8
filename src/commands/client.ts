// What commands share that ask a server over HTTP: its address and the token come from flags, the environment, `.env`
// or `~/.config/loggerbot/client.env`, in this order.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { CommandError } from '../errors.ts'
import type { PresentedLog } from '../query/api-log.ts'
import { attributesLine, printableJson, textOf } from '../query/format.ts'
import { colorLevels } from './colors.ts'
import type { Context } from './context.ts'

/** Settings that name the server and the token, and where they were given. */
export type ClientContext = Pick<Context, 'settings' | 'home' | 'sourceOf'>

/** Parameters of a request's URL; those without a value are left out. */
export type UrlParameters = Record<string, string | undefined>

/** The URL of a path, and the headers that carry the credential. */
export function requestOf (context: ClientContext, path: string): { url: URL, headers: { authorization?: string } } {
  const { base, token } = accessOf(context)
  const url = addressOf(base, path)
  return { url, headers: authorization(token, new URL(base)) }
}

/** Sends a GET request; any failure becomes a one-line error. */
export async function ask (
  context: ClientContext, path: string, parameters: UrlParameters, headers: Record<string, string> = {}
): Promise<Response> {
  const { url, headers: credential } = requestOf(context, path)
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value)
  let response
  try {
    response = await fetch(url, { headers: { ...headers, ...credential } })
  } catch (error) {
    throw new Unreachable(`no server answers at ${url.origin}: ${reasonOf(error)}`)
  }
  if (!response.ok) throw new CommandError(await refusalOf(url, response))
  return response
}

async function refusalOf ({ origin }: URL, response: Response): Promise<string> {
  const { detail } = await response.json().catch(() => ({})) as { detail?: string }
  const hint = response.status === 401 ? ' (give a token: --token, or LOGGER_TOKEN; loggerbot token add makes one)' : ''
  return `${origin} answered ${response.status}: ${detail ?? response.statusText}${hint}`
}

/** Reads the JSON of a response. Throws CommandError when it is not JSON. */
export async function jsonOf<T> (response: Response): Promise<T> {
  try {
    return await response.json() as T
  } catch {
    throw new CommandError(`${new URL(response.url).origin} did not answer with JSON: is it a LoggerBot Server?`)
  }
}

/**
 * The server's address and the token.
 * A folder's `.env` may be a stranger's, who would have the token sent to a server of theirs: to a server that is named
 * there goes only a token that is named there as well, or that is given with the command.
 */
function accessOf ({ settings, home, sourceOf }: ClientContext): { base: string, token?: string } {
  const file = readClientFile(home)
  const base = settings.LOGGER_SERVER || file.LOGGER_SERVER || 'http://127.0.0.1:5000'
  const token = settings.LOGGER_TOKEN || file.LOGGER_TOKEN
  const isServerOfFolder = settings.LOGGER_SERVER !== '' && sourceOf('LOGGER_SERVER') === '.env'
  const tokenSource = settings.LOGGER_TOKEN === '' ? '~/.config/loggerbot/client.env' : sourceOf('LOGGER_TOKEN')
  if (token && isServerOfFolder && tokenSource !== '.env' && tokenSource !== 'flag') {
    const where = tokenSource === 'environment' ? 'the environment' : tokenSource
    throw new CommandError(`.env of this folder names the server ${addressOf(base, '').origin}, ` +
      `and your token is in ${where}: it is not sent there; ` +
      'name the server with --server, or give the token with --token')
  }
  return { base, token }
}

/** The server cannot be reached for now. */
export class Unreachable extends CommandError {}

function addressOf (base: string, path: string): URL {
  let url
  try {
    url = new URL(`${base.replace(/\/$/, '')}${path}`)
  } catch {
    throw new CommandError(`LOGGER_SERVER (--server) must be an address like http://127.0.0.1:5000, not ${base}`)
  }
  if (!/^https?:$/.test(url.protocol)) {
    throw new CommandError(`LOGGER_SERVER (--server) must begin with http:// or https://, not ${url.protocol}`)
  }
  url.username = ''
  url.password = ''
  return url
}

function authorization (token: string | undefined, { username, password }: URL): { authorization?: string } {
  if (token) return { authorization: `Bearer ${token}` }
  if (username === '') return {}
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
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

/** How logs are printed. */
export interface PrintOptions {
  /** As JSON, one object a line. */
  json?: boolean
  /** In text, with the attributes in a line of their own. */
  attributes?: boolean
}

/** Prints a log as a line: as JSON, or as text with its level coloured where the output has colours. */
export function printLog (log: PresentedLog, { json, attributes }: PrintOptions, context: Context): void {
  const { streams: { stdout }, hasColors } = context
  if (json) {
    stdout.write(`${printableJson(JSON.stringify(log))}\n`)
    return
  }
  const line = textOf(log)
  stdout.write(`${hasColors ? colorLevels(line) : line}${attributes ? attributesLine(log) : ''}\n`)
}
