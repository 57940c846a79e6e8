// Why a database cannot be used, as far as its user can fix it, by the code of the driver, the server or the system.

/** What a person must fix. */
export type Failure =
  | 'driver' | 'file' | 'busy' | 'login' | 'privilege' | 'database' | 'connection' | 'readOnly' | 'certificate' | 'tls' | 'server'

const mysqlFailures = new Map<string, Failure>(Object.entries({
  login: ['ER_ACCESS_DENIED_ERROR', 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR'],
  privilege: ['ER_DBACCESS_DENIED_ERROR', 'ER_TABLEACCESS_DENIED_ERROR'],
  database: ['ER_BAD_DB_ERROR'],
  connection: [
    'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ECONNRESET', 'EPIPE',
    'PROTOCOL_CONNECTION_LOST', 'PROTOCOL_SEQUENCE_TIMEOUT'
  ],
  readOnly: ['ER_OPTION_PREVENTS_STATEMENT', 'ER_READ_ONLY_MODE'],
  certificate: ['ENOENT', 'EACCES', 'EISDIR'],
  tls: ['HANDSHAKE_SSL_ERROR', 'HANDSHAKE_NO_SSL_SUPPORT']
} satisfies Partial<Record<Failure, string[]>>).flatMap(([failure, codes]) => codes.map((code) => [code, failure as Failure])))

/** Failure of MySQL, or of the connection to it; undefined for a code of neither. */
export function mysqlFailure (code: string): Failure | undefined {
  return mysqlFailures.get(code) ?? (code.startsWith('ER_') ? 'server' : undefined)
}

/** Failure of the embedded database, its driver or its file; undefined for a code of neither. */
export function sqliteFailure (code: string): Failure | undefined {
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_DLOPEN_FAILED') return 'driver'
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return 'busy'
  return /^(SQLITE_(CANTOPEN|NOTADB|READONLY|PERM|AUTH|CORRUPT)|E[A-Z]+$)/.test(code) ? 'file' : undefined
}
