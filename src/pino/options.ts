export interface PinoTransportOptions {
  /** Address of the server, with its prefix if it has one: `http://127.0.0.1:5000`. */
  url: string
  /** Token with scope write: `lb_…`. */
  token: string
  /** Bytes of logs that may wait; further logs are dropped, and reported. Default 16 MiB. */
  maxQueueBytes?: number
  /** Milliseconds until a request without an answer is sent again. Default 30000. */
  requestTimeout?: number
  /**
   * Milliseconds that the end of the process may wait for logs to be sent. Default 5000, at most 9000: pino itself
   * waits for 10 seconds.
   */
  exitTimeout?: number
}

export interface CheckedOptions {
  /** Address of the endpoint. */
  url: URL
  token: string
  maxQueueBytes: number
  requestTimeout: number
  exitTimeout: number
}

/** Checks options and adds the defaults. Throws an error that names the option and its rule, never the token. */
export function checkOptions (options: Partial<PinoTransportOptions> = {}): CheckedOptions {
  const { url, token, maxQueueBytes = 16 * 1024 * 1024, requestTimeout = 30_000, exitTimeout = 5000 } = options
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) throw broken('token', 'a token of LoggerBot, lb_…')
  requireWhole('maxQueueBytes', maxQueueBytes, 65_536, Number.MAX_SAFE_INTEGER)
  requireWhole('requestTimeout', requestTimeout, 100, 600_000)
  requireWhole('exitTimeout', exitTimeout, 0, 9000)
  return { url: endpointOf(url), token, maxQueueBytes, requestTimeout, exitTimeout }
}

function endpointOf (text: unknown): URL {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.username + url.password + url.search !== '') {
    throw broken('url', 'the server\'s address, http:// or https://, without user, password and query')
  }
  return new URL(`${url.pathname.replace(/\/*$/, '/')}api/logs`, url)
}

function requireWhole (name: string, value: unknown, min: number, max: number): void {
  const isKept = typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
  if (!isKept) throw broken(name, `a whole number from ${min} to ${max}`)
}

function broken (name: string, rule: string): Error {
  return new Error(`loggerbot-server/pino: options.${name} must be ${rule}`)
}
