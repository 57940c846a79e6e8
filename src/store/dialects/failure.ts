// Why a database cannot be used, as far as its user can fix it, by the code of the driver, the server or the system.

/** What a person must fix. */
export type Failure =
  | 'driver' | 'file' | 'busy'
  | 'login' | 'privilege' | 'database' | 'connection' | 'readOnly' | 'certificate' | 'tls' | 'server'

const mysqlFailures: Record<string, Failure | undefined> = {
  ER_ACCESS_DENIED_ERROR: 'login',
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: 'login',
  ER_DBACCESS_DENIED_ERROR: 'privilege',
  ER_TABLEACCESS_DENIED_ERROR: 'privilege',
  ER_BAD_DB_ERROR: 'database',
  ECONNREFUSED: 'connection',
  ENOTFOUND: 'connection',
  EAI_AGAIN: 'connection',
  ETIMEDOUT: 'connection',
  EHOSTUNREACH: 'connection',
  ENETUNREACH: 'connection',
  ECONNRESET: 'connection',
  EPIPE: 'connection',
  PROTOCOL_CONNECTION_LOST: 'connection',
  PROTOCOL_SEQUENCE_TIMEOUT: 'connection',
  ER_OPTION_PREVENTS_STATEMENT: 'readOnly',
  ER_READ_ONLY_MODE: 'readOnly',
  ENOENT: 'certificate',
  EACCES: 'certificate',
  EISDIR: 'certificate',
  HANDSHAKE_SSL_ERROR: 'tls',
  HANDSHAKE_NO_SSL_SUPPORT: 'tls'
}

/** Failure of MySQL, or of the connection to it; undefined for a code of neither. */
export function mysqlFailure (code: string): Failure | undefined {
  return mysqlFailures[code] ?? (code.startsWith('ER_') ? 'server' : undefined)
}

/** Failure of the embedded database, its driver or its file; undefined for a code of neither. */
export function sqliteFailure (code: string): Failure | undefined {
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_DLOPEN_FAILED') return 'driver'
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return 'busy'
  return /^(SQLITE_(CANTOPEN|NOTADB|READONLY|PERM|AUTH|CORRUPT)|E[A-Z]+$)/.test(code) ? 'file' : undefined
}
