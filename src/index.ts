export { default as loggerbot, type LoggerBotOptions } from './app.ts'

export { default as db, type DbOptions } from '../plugins/db.ts'
export { default as auth, type Access, type AuthOptions, type UserTokens } from '../plugins/auth.ts'
export { default as spool } from '../plugins/spool.ts'
export { default as writer, type LogWriter, type WriterEvents, type WriterOptions } from '../plugins/writer.ts'
export { default as search, type SearchOptions } from '../plugins/search.ts'
export { default as preflight } from '../plugins/preflight.ts'
export { default as metrics } from '../plugins/metrics.ts'
export { default as openapi } from '../plugins/openapi.ts'

export { default as contractRoutes, type ContractOptions } from '../routes/contract/index.ts'
export { default as queryRoutes } from '../routes/query/index.ts'
export { default as accountRoutes } from '../routes/account/index.ts'
export { default as opsRoutes } from '../routes/ops/index.ts'

export type { DatabaseOptions, MysqlOptions, SqliteOptions } from './store/dialects/dialect.ts'
export type { Caller, LogBatch, LogRecord, LogUser, Receipt, Scope, Severity, UtcTime } from './record.ts'
export type { SpoolOptions } from './write/spool.ts'
