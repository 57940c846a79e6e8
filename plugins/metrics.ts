import fp from 'fastify-plugin'
import type { FastifyError } from 'fastify'
import type { Registry } from 'prom-client'
import { createMetrics } from '../src/metrics/index.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The metrics of the service, for Prometheus. */
    logMetrics: Registry
    /** The text of GET /metrics. */
    scrapeMetrics: () => Promise<string>
  }
}

export interface MetricsOptions {
  /**
   * Joins the metrics of several processes: gets those of this one at start, and returns the function that reads the
   * text of GET /metrics. Default: those of this process alone.
   */
  joinMetrics?: ((own: Registry) => () => Promise<string>) | undefined
}

/** Counts and measures the service, for GET /metrics. */
export default fp<MetricsOptions>(async (app, { joinMetrics }) => {
  const { registry, countRefusal, close } = createMetrics({
    writer: app.logWriter,
    spool: app.logSpool,
    wordIndex: app.hasDecorator('wordIndex') ? app.wordIndex : undefined,
    alerts: app.hasDecorator('logAlerts') ? app.logAlerts : undefined,
    syslog: app.hasDecorator('logSyslog') ? app.logSyslog : undefined,
    risks: () => app.logRisks,
    hosts: app.logHosts,
    readHost: app.hasDecorator('logReaders') ? app.logReaders.readHost : undefined
  })
  app.decorate('logMetrics', registry)
  app.decorate('scrapeMetrics', joinMetrics?.(registry) ?? (() => registry.metrics()))
  app.addHook('onError', async (_request, _reply, { statusCode = 500 }: FastifyError) => countRefusal(statusCode))
  app.addHook('onClose', async () => close())
}, { name: 'loggerbot-metrics', fastify: '5.x', dependencies: ['loggerbot-writer', 'loggerbot-preflight'] })
