import { dirname } from 'node:path'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { openChannel, type ChannelContext } from '../src/alerts/channels/channels.ts'
import { TargetGuard } from '../src/alerts/channels/webhook/target.ts'
import { TelegramBot } from '../src/alerts/channels/telegram/bot.ts'
import { TelegramClient, TelegramFailure, type TelegramOptions } from '../src/alerts/channels/telegram/client.ts'
import { ErrorFollower } from '../src/alerts/follower.ts'
import type { OutboxState } from '../src/alerts/outbox/history.ts'
import { Sender } from '../src/alerts/outbox/sender.ts'
import { OwnProblems } from '../src/alerts/own-problems.ts'
import { codeOf } from '../src/errors.ts'
import { dialectOf } from '../src/store/dialects/index.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The groups of errors; undefined where there are none. */
    logAlerts: {
      /** Seconds by which the groups are behind what is stored; 0 while another instance counts. */
      readonly behind: number
      /** Counts every error that is stored, and runs the rules; rejects where another instance does. */
      runNow (): Promise<void>
      /** Calls Telegram; undefined where there is no bot. Not part of the public API. */
      readonly telegram: TelegramClient | undefined
      /** Alerts that wait, may have arrived, or were given up, on the instance that sends; else 0. */
      readonly outbox: OutboxState
    } | undefined
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
}

/** Groups the errors of all users and runs their rules, behind the writer, on one instance at a time. */
export default fp<AlertsOptions>(async (app, { alerts = false, alertTargets = [], telegram }) => {
  if (!alerts) {
    app.decorate('logAlerts', undefined)
    return
  }
  const follower = new ErrorFollower({
    ...app.logCluster,
    knex: app.logDb,
    onFailure: (error) => app.log.warn({ code: codeOf(error) }, 'errors could not be grouped; it tries again')
  })
  const client = telegram && new TelegramClient(telegram)
  const sender = createSender(app, { guard: new TargetGuard(alertTargets), telegram: client })
  app.decorate('logAlerts', {
    get behind () { return follower.behindSeconds },
    get outbox () { return sender.state },
    runNow: () => follower.runNow(),
    telegram: client
  })
  if (client) followTelegram(app, client)
  const problems = new OwnProblems(app.logDb, {
    spoolBytes: () => app.logSpool.spool?.bytes ?? 0,
    folders: () => foldersOf(app),
    retentionFailure: () => app.hasDecorator('logRetention') ? app.logRetention.failure : undefined
  })
  app.addHook('onReady', async () => {
    follower.start()
    problems.start()
  })
  app.addHook('preClose', async () => follower.stop())
  app.addHook('onClose', async () => {
    await problems.end()
    await follower.close()
  })
}, { name: 'loggerbot-alerts', fastify: '5.x', dependencies: ['loggerbot-cluster', 'loggerbot-search'] })

/** Folders of the database and of the spool, as far as they are on this machine. */
function foldersOf ({ logDb, logSpool }: FastifyInstance): string[] {
  const beside = dialectOf(logDb).keptFolder(logDb)
  return [...logSpool.spool ? [logSpool.spool.folder] : [], ...beside === undefined ? [] : [dirname(beside)]]
}

/** Follows what people write to the bot, on one instance at a time. */
function followTelegram (app: FastifyInstance, client: TelegramClient): void {
  const bot = new TelegramBot({
    ...app.logCluster,
    knex: app.logDb,
    readers: app.logReaders,
    client,
    onFailure (error) {
      const reason = error instanceof TelegramFailure ? error.message : undefined
      app.log.warn({ code: codeOf(error), reason }, 'the Telegram bot failed; it tries again')
    }
  })
  app.addHook('onReady', async () => bot.start())
  app.addHook('preClose', async () => bot.stop())
  app.addHook('onClose', () => bot.close())
}

/** Sends the alerts of all users to their channels, on one instance at a time. */
function createSender (app: FastifyInstance, context: ChannelContext): Sender {
  const sender = new Sender({
    knex: app.logDb,
    instance: app.logCluster.instance,
    openChannel: (channel) => openChannel(channel, context),
    onFailure: (error) => app.log.warn({ code: codeOf(error) }, 'alerts could not be sent; it tries again')
  })
  app.addHook('onReady', async () => sender.start())
  app.addHook('preClose', async () => sender.stop())
  app.addHook('onClose', () => sender.close())
  return sender
}
