// Everything of alerts that runs by itself, on one instance at a time each: the follower, the sender and the bot; and
// the look of each instance at its own problems.
import { dirname } from 'node:path'
import type { Knex } from 'knex'
import { codeOf } from '../errors.ts'
import type { Readers } from '../search/readers.ts'
import { dialectOf } from '../store/dialects/index.ts'
import { openChannel } from './channels/channels.ts'
import { TelegramBot } from './channels/telegram/bot.ts'
import { TelegramClient, TelegramFailure, type TelegramOptions } from './channels/telegram/client.ts'
import { TargetGuard } from './channels/webhook/target.ts'
import { ErrorFollower, type FollowerOptions } from './follower.ts'
import type { OutboxState } from './outbox/history.ts'
import { Sender, type SenderOptions } from './outbox/sender.ts'
import { PageLinks } from './page-links.ts'
import { OwnProblems, type OwnFacts } from './own-problems.ts'

export interface AlertServiceOptions {
  knex: Knex
  instance: FollowerOptions['instance'] & SenderOptions['instance']
  horizons: FollowerOptions['horizons']
  readers: Readers
  /** What waits in the spool of this instance; undefined: it has none. */
  spool: () => { readonly bytes: number, readonly folder: string } | undefined
  retentionFailure: OwnFacts['retentionFailure']
  /** Hosts, addresses and ranges that webhooks may reach beside public addresses. */
  targets: readonly string[]
  /** Address at which people reach the page; undefined: messages link to nothing. */
  publicUrl: string | undefined
  /** Undefined: no bot. */
  telegram: TelegramOptions | undefined
  /** Something failed and is tried again, or works again: a fixed sentence. */
  warn: (sentence: string, data: { code?: string, reason?: string }) => void
}

/** Groups errors, runs rules, sends alerts, and follows the bot. */
export class AlertService {
  /** Undefined where there is no bot. */
  readonly telegram: TelegramClient | undefined
  readonly #follower: ErrorFollower
  readonly #sender: Sender
  readonly #bot: TelegramBot | undefined
  readonly #problems: OwnProblems

  constructor (options: AlertServiceOptions) {
    const { knex, instance, horizons, readers, spool, retentionFailure, warn } = options
    const { targets, publicUrl, telegram } = options
    const reporting = (failure: string, recovery: string) => ({
      onFailure: (error: unknown) => warn(`${failure}; it tries again`, dataOf(error)),
      onRecovery: () => warn(recovery, {})
    })
    this.#follower = new ErrorFollower({
      knex, instance, horizons, ...reporting('errors could not be grouped', 'errors are grouped again')
    })
    const client = telegram && new TelegramClient(telegram)
    const guard = new TargetGuard(targets)
    this.#sender = new Sender({
      knex,
      instance,
      openChannel: (channel) => openChannel(channel, { guard, telegram: client }),
      links: new PageLinks(publicUrl),
      ...reporting('alerts could not be sent', 'alerts are sent again')
    })
    this.telegram = client
    this.#bot = client && new TelegramBot({
      knex, instance, readers, client, ...reporting('the Telegram bot failed', 'the Telegram bot works again')
    })
    this.#problems = new OwnProblems(knex, {
      spoolBytes: () => spool()?.bytes ?? 0, folders: () => foldersOf(knex, spool()?.folder), retentionFailure
    })
  }

  /** Seconds by which the groups are behind what is stored; 0 while another instance counts. */
  get behind (): number {
    return this.#follower.behindSeconds
  }

  /** What waits in the outbox, on the instance that sends; else nothing. */
  get outbox (): OutboxState {
    return this.#sender.state
  }

  start (): void {
    this.#follower.start()
    this.#sender.start()
    this.#bot?.start()
    this.#problems.start()
  }

  /** Counts every error that is stored, and runs the rules; rejects with LeaseTaken where another instance does. */
  runNow (): Promise<void> {
    return this.#follower.runNow()
  }

  /** Begins nothing more. */
  stop (): void {
    this.#follower.stop()
    this.#sender.stop()
    this.#bot?.stop()
  }

  /** Waits for what is under way. */
  async close (): Promise<void> {
    await Promise.all([this.#problems.end(), this.#sender.close(), this.#bot?.close(), this.#follower.close()])
  }
}

/** Folders of the database and of the spool, as far as they are on this machine. */
function foldersOf (knex: Knex, spool: string | undefined): string[] {
  const beside = dialectOf(knex).keptFolder(knex)
  return [spool, beside && dirname(beside)].filter((folder) => folder !== undefined)
}

/** The code of an error, and what Telegram answered. */
function dataOf (error: unknown): { code?: string, reason?: string } {
  return { code: codeOf(error), reason: error instanceof TelegramFailure ? error.message : undefined }
}
