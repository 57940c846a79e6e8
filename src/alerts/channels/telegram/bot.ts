// The bot: what people write and press in Telegram. One instance polls, by a lease.
//
// The number of the next update is stored in the transaction of each update's effect, so each has its effect once, also
// when the process dies between two; what the bot answers in the chat may then be lost.
import type { Knex } from 'knex'
import { LeasedWorker, urgentLeaseSeconds, type WorkerInstance } from '../../../cluster/leased-worker.ts'
import { Overtaken } from '../../../cluster/progress.ts'
import type { Readers } from '../../../search/readers.ts'
import { transact } from '../../../store/retry.ts'
import type { Update } from './api.ts'
import { effectOfPress, refusePress } from './buttons.ts'
import { resultOf, type TelegramClient } from './client.ts'
import { commands, Commands } from './commands.ts'
import type { Afterwards, BotContext, Effect } from './context.ts'

/** Pause after a poll without updates, in milliseconds. */
const pauseMs = 500
/** How long Telegram keeps a poll without updates open: less than half a lease. */
const pollSeconds = 20
const pollTimeoutMs = 27_000
/** Updates of one poll. */
const maxUpdates = 50
const kinds = ['message', 'callback_query']
/** Rest after a failed poll, in milliseconds; it doubles with each in a row. */
const minRestMs = 1000
const maxRestMs = 60_000

export interface BotOptions {
  knex: Knex
  instance: WorkerInstance
  readers: Readers
  client: TelegramClient
  /** A poll or the effect of an update failed. */
  onFailure: (error: unknown) => void
  /** A run has succeeded again. */
  onRecovery?: (() => void) | undefined
}

/** Follows what people write to the bot, and which buttons they press. */
export class TelegramBot {
  readonly client: TelegramClient
  readonly #knex: Knex
  readonly #worker: LeasedWorker
  readonly #onFailure: BotOptions['onFailure']
  readonly #context: BotContext
  readonly #commands: Commands
  /** The number of the next update, as it is stored; undefined while another instance may poll. */
  #next: number | undefined
  #isPrepared = false
  #failures = 0
  #restsUntil = -Infinity

  constructor ({ knex, instance, readers, client, onFailure, onRecovery }: BotOptions) {
    this.client = client
    this.#knex = knex
    this.#onFailure = onFailure
    this.#worker = new LeasedWorker(instance, {
      lease: 'telegram',
      leaseSeconds: urgentLeaseSeconds,
      pauseMs,
      run: () => this.#run(),
      reset: () => { this.#next = undefined },
      onFailure,
      onRecovery
    })
    this.#context = { client, readers, signal: this.#worker.signal }
    this.#commands = new Commands(this.#context)
  }

  start (): void {
    this.#worker.start()
  }

  stop (): void {
    this.#worker.stop()
  }

  close (): Promise<void> {
    return this.#worker.close()
  }

  async #run (): Promise<void> {
    if (performance.now() < this.#restsUntil) return
    try {
      await this.#prepare()
      while (await this.#pollOnce()) await this.#worker.holdLease()
      this.#failures = 0
    } catch (error) {
      this.#restsUntil = performance.now() + Math.min(minRestMs * 2 ** this.#failures, maxRestMs)
      this.#failures++
      throw error
    }
  }

  /** Tells Telegram once what the bot can do. */
  async #prepare (): Promise<void> {
    if (this.#isPrepared) return
    const { signal } = this.#worker
    await this.client.me({ signal })
    resultOf(await this.client.call('setMyCommands', { commands }, { signal }))
    this.#isPrepared = true
  }

  /** Handles the updates of one poll; resolves to whether there were any. */
  async #pollOnce (): Promise<boolean> {
    this.#next ??= await this.#readNext()
    const updates = await this.#poll(this.#next)
    await this.#handle(updates, this.#next)
    return updates.length > 0
  }

  async #poll (next: number): Promise<Update[]> {
    const { signal } = this.#worker
    const parameters = {
      ...next > 0 && { offset: next }, limit: maxUpdates, timeout: pollSeconds, allowed_updates: kinds
    }
    const reply = await this.client.call('getUpdates', parameters, { signal, timeoutMs: pollTimeoutMs })
    signal.throwIfAborted()
    // Another program has set a webhook for the bot.
    if (reply.kind === 'refused' && reply.code === 409 && reply.description.includes('webhook')) {
      await this.client.call('deleteWebhook', {}, { signal })
    }
    if (reply.kind === 'refused' && reply.retryAfterMs !== undefined) {
      this.#failures = Math.max(this.#failures, Math.ceil(Math.log2(reply.retryAfterMs / minRestMs)))
    }
    return resultOf(reply)
  }

  async #handle (updates: readonly Update[], next: number): Promise<void> {
    let stored = next
    for (const update of updates) {
      const effect = await this.#effectOf(update)
      if (effect === undefined) continue
      await this.#worker.holdLease()
      const afterwards = await this.#apply(effect, stored, update.update_id + 1)
      stored = update.update_id + 1
      await afterwards?.()
    }
    const last = updates.at(-1)
    // What had no effect is counted with the rest: strangers cost no transaction each.
    if (last && last.update_id + 1 !== stored) await this.#apply(async () => undefined, stored, last.update_id + 1)
  }

  async #effectOf ({ message, callback_query: query }: Update): Promise<Effect | undefined> {
    if (query) {
      const effect = effectOfPress(this.#context, query)
      if (effect === undefined) await refusePress(this.#context, query)?.()
      return effect
    }
    const { username } = await this.client.me({ signal: this.#worker.signal })
    return message && this.#commands.effectOf(message, username)
  }

  /** Stores the effect of an update with the number of the next one. An effect that fails by itself is left out. */
  async #apply (effect: Effect, from: number, to: number): Promise<Afterwards> {
    try {
      return await this.#store(effect, from, to)
    } catch (error) {
      if (this.#worker.concernsAll(error)) throw error
      this.#onFailure(error)
      return await this.#store(async () => undefined, from, to)
    }
  }

  async #store (effect: Effect, from: number, to: number): Promise<Afterwards> {
    const afterwards = await transact(this.#knex, async (transaction) => {
      const row = transaction('telegram_progress').where({ bot: this.client.botId, next_update: from })
      if (await row.update({ next_update: to }) === 0) throw new Overtaken()
      return await effect(transaction)
    })
    this.#next = to
    return afterwards
  }

  async #readNext (): Promise<number> {
    const { botId: bot } = this.client
    const row = await this.#knex('telegram_progress').where({ bot }).first('next_update')
    if (row) return Number(row.next_update)
    await this.#knex('telegram_progress').insert({ bot, next_update: 0 }).onConflict('bot').ignore()
    return 0
  }
}
