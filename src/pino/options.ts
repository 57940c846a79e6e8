export interface PinoTransportOptions {
  /** Where the server is, with its prefix where it has one: `http://127.0.0.1:5000`. */
  url: string
  /** A token with scope write: `lb_…`. */
  token: string
  /** Bytes of logs that wait at most; more are dropped, which is told. Default 16 MiB. */
  maxQueueBytes?: number
  /** How long an answer may take, in milliseconds: then the same is sent again. Default 30000. */
  requestTimeout?: number
  /** How long the end of the process may wait for what is not sent yet, in milliseconds. Default 5000, at most 9000: pino itself waits for 10 seconds. */
  exitTimeout?: number
}

export interface CheckedOptions {
  /** Of the endpoint. */
  url: URL
  token: string
  maxQueueBytes: number
  requestTimeout: number
  exitTimeout: number
}

/** With the defaults. Throws an error that names the option and its rule, and never quotes the token. */
export function checkOptions (options: Partial<PinoTransportOptions> = {}): CheckedOptions {
  const { url, token, maxQueueBytes = 16 * 1024 * 1024, requestTimeout = 30_000, exitTimeout = 5000 } = options
  require('token', 'a token of LoggerBot, lb_…', typeof token === 'string' && /^[\x21-\x7e]+$/.test(token))
  requireWhole('maxQueueBytes', maxQueueBytes, 65_536, Number.MAX_SAFE_INTEGER)
  requireWhole('requestTimeout', requestTimeout, 100, 600_000)
  requireWhole('exitTimeout', exitTimeout, 0, 9000)
  return { url: endpointOf(url), token: token!, maxQueueBytes, requestTimeout, exitTimeout }
}

function endpointOf (url: unknown): URL {
  const base = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined
  require('url', 'the server\'s address, http:// or https://, without user, password and query',
    base !== undefined && /^https?:$/.test(base.protocol) && base.username + base.password + base.search === '')
  return new URL(`${base!.pathname.replace(/\/*$/, '/')}api/logs`, base)
}

function requireWhole (name: string, value: unknown, least: number, most: number): void {
  require(name, `a whole number from ${least} to ${most}`, Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most)
}

function require (name: string, rule: string, kept: boolean): void {
  if (!kept) throw new Error(`loggerbot-server/pino: options.${name} must be ${rule}`)
}
