/** Codes of certificates that Node refuses, and of a port without TLS: the connection ends before the request. */
const handshakeFailure = /^(ERR_TLS_CERT|CERT_|DEPTH_ZERO_|UNABLE_TO_|SELF_SIGNED_|ERR_SSL_WRONG_VERSION)/
const connectCalls: readonly unknown[] = ['connect', 'getaddrinfo']

/**
 * Whether a request that failed was certainly not written: there was no connection to write it to.
 * `error` is what Node's fetch fails with, or its cause. After any other error the request may have arrived.
 */
export function isNotWritten (error: unknown): boolean {
  const cause = error instanceof TypeError ? error.cause : error
  if (!(cause instanceof Error)) return false
  if (cause instanceof AggregateError) return cause.errors.every(isNotWritten)
  if ('syscall' in cause && connectCalls.includes(cause.syscall)) return true
  if (!('code' in cause) || typeof cause.code !== 'string') return false
  // A socket that closes during the handshake has no address of its own yet.
  const isHandshake = cause.code === 'ECONNRESET' && 'localAddress' in cause
  return isHandshake || cause.code === 'UND_ERR_CONNECT_TIMEOUT' || handshakeFailure.test(cause.code)
}
