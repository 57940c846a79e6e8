import type { FastifyPluginAsync } from 'fastify'
import alerts, { type AlertsOptions } from '../plugins/alerts.ts'
import auth, { type AuthOptions } from '../plugins/auth.ts'
import db, { type DbOptions } from '../plugins/db.ts'
import hourCounts from '../plugins/hour-counts.ts'
import metrics, { type MetricsOptions } from '../plugins/metrics.ts'
import openapi from '../plugins/openapi.ts'
import page, { type PageOptions } from '../plugins/page.ts'
import preflight from '../plugins/preflight.ts'
import retention, { type RetentionOptions } from '../plugins/retention.ts'
import search, { type SearchOptions } from '../plugins/readers.ts'
import setup, { type SetupOptions } from '../plugins/setup.ts'
import spool, { type SpoolPluginOptions } from '../plugins/spool.ts'
import syslog, { type SyslogOptions } from '../plugins/syslog.ts'
import tail from '../plugins/tail.ts'
import wordIndex, { type WordIndexOptions } from '../plugins/word-index.ts'
import writer, { type WriterOptions } from '../plugins/writer.ts'
import account from '../routes/account/index.ts'
import admin from '../routes/admin/index.ts'
import alertRoutes from '../routes/alerts/index.ts'
import contract, { type ContractOptions } from '../routes/contract/index.ts'
import ingest from '../routes/ingest/index.ts'
import type { IngestOptions } from '../routes/ingest/options.ts'
import ops from '../routes/ops/index.ts'
import pageRoutes from '../routes/page/index.ts'
import query from '../routes/query/index.ts'
import { hasSeveralHosts } from './store/connect.ts'

type PartOptions =
  DbOptions & AuthOptions & SetupOptions & WriterOptions & SearchOptions & WordIndexOptions & ContractOptions &
  IngestOptions & PageOptions & AlertsOptions & MetricsOptions

export interface LoggerBotOptions extends PartOptions {
  /** Ports and owner of syslog. Default: none. */
  syslog?: SyslogOptions
  /** Expiry of logs. Default: none expires. */
  retention?: RetentionOptions
  /** Folder that keeps logs while MySQL is unavailable; SQLite needs none. Default: none, and logs are refused. */
  spool?: SpoolPluginOptions
}

/**
 * The whole service as one plugin, its parts in the order in which a log meets them.
 * It stays within its own scope: a host app may register it under any prefix, more than once.
 */
const loggerbot: FastifyPluginAsync<LoggerBotOptions> = async (app, options) => {
  const { database, knex, migrate, apiKey, setupCode, onSetupCode, authenticate } = options
  const { bodyLimit, corsOrigins, elasticsearch, joinMetrics } = options
  const { patience, queueLimit, userRate, searchBudget, readStallMs, wordIndex: withWordIndex, askAfter } = options
  const { page: withPage, frameAncestors, alerts: withAlerts, alertTargets, publicUrl, telegram } = options
  const { spool: spoolOptions, syslog: syslogOptions, retention: retentionOptions = {} } = options

  if (spoolOptions) await app.register(spool, { keepsDrained: hasSeveralHosts(database), ...spoolOptions })
  await app.register(db, { database, knex, migrate, identityFolder: spoolOptions?.folder })
  await app.register(auth, { apiKey, patience })
  await app.register(setup, { setupCode, onSetupCode, patience })
  await app.register(writer, { database: knex ? undefined : database, patience, queueLimit, userRate })
  if (syslogOptions) await app.register(syslog, { messageLimit: bodyLimit, ...syslogOptions })
  await app.register(search, { searchBudget, readStallMs, patience })
  await app.register(tail)
  await app.register(wordIndex, { wordIndex: withWordIndex, askAfter, patience })
  await app.register(hourCounts, { patience })
  await app.register(alerts, { alerts: withAlerts, alertTargets, publicUrl, telegram })
  await app.register(retention, retentionOptions)
  await app.register(preflight)
  await app.register(metrics, { joinMetrics })

  await app.register(openapi)
  await app.register(page, { page: withPage, frameAncestors })
  await app.register(contract, { bodyLimit, authenticate })
  await app.register(ingest, { bodyLimit, corsOrigins, elasticsearch })
  await app.register(query)
  await app.register(account)
  await app.register(admin, { bodyLimit })
  await app.register(alertRoutes)
  await app.register(ops)
  await app.register(pageRoutes)
}

export default loggerbot
