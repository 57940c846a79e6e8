import fp from 'fastify-plugin'
import type { TelegramOptions } from '../src/alerts/channels/telegram/client.ts'
import { AlertService } from '../src/alerts/service.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Groups of errors, rules and alerts; undefined where there are none. Not part of the public API. */
    logAlerts: AlertService | undefined
  }
}

export interface AlertsOptions {
  /** Whether errors are grouped and rules are run, on one instance at a time. Default false. */
  alerts?: boolean
  /** Bot of Telegram that sends alerts to chats. Default: none. */
  telegram?: TelegramOptions
  /**
   * Hosts, addresses and ranges that webhooks may reach beside public addresses, such as `127.0.0.1`, `10.0.0.0/8` or
   * `chat.example`. Default: none.
   */
  alertTargets?: readonly string[]
  /** Address at which people reach the service, with its prefix: messages link to the page. Default: no links. */
  publicUrl?: string
}

/** Groups errors, runs rules and sends alerts, behind the writer. */
export default fp<AlertsOptions>(async (app, { alerts = false, alertTargets: targets = [], publicUrl, telegram }) => {
  const service = alerts
    ? new AlertService({
      ...app.logCluster,
      knex: app.logDb,
      readers: app.logReaders,
      spool: () => app.logSpool.spool,
      retentionFailure: () => app.hasDecorator('logRetention') ? app.logRetention.failure : undefined,
      targets,
      publicUrl,
      telegram,
      warn: (sentence, data) => app.log.warn(data, sentence)
    })
    : undefined
  app.decorate('logAlerts', service)
  app.addHook('onReady', async () => service?.start())
  app.addHook('preClose', async () => service?.stop())
  app.addHook('onClose', () => service?.close())
}, { name: 'loggerbot-alerts', fastify: '5.x', dependencies: ['loggerbot-cluster', 'loggerbot-search'] })
