import { setTimeout as delay } from 'node:timers/promises'
import type { Knex } from 'knex'
import { goneMs } from '../../cluster/instances.ts'
import { LeasedWorker, urgentLeaseSeconds, type WorkerInstance } from '../../cluster/leased-worker.ts'
import { listMembers } from '../../cluster/members.ts'
import { millisecondsOf, utcTime, type UtcTime } from '../../model/instant.ts'
import { shift } from '../../model/span.ts'
import { databaseNow } from '../../store/clock-doubt.ts'
import { openReader } from '../../store/connect.ts'
import { dialectOf } from '../../store/dialects/index.ts'
import { within } from '../../timeout.ts'
import type { Channel, SendOutcome } from '../channels/channel.ts'
import { findChannel, type ChannelKind, type StoredChannel } from '../channels/stored.ts'
import type { PageLinks } from '../page-links.ts'
import { messageOf } from './compose.ts'
import { readState, type OutboxState } from './history.ts'
import { linesOf } from './lines.ts'
import { settleEdit, takeEdits, type Edit } from './living.ts'
import { forgetOld } from './old.ts'
import { claimedMessages, dueChannels, takeBack, type Claimed, type ClaimedRow, type Content } from './rows.ts'
import { pauseChannel, pauseOthers, settle } from './settle.ts'
import { takeTurn } from './turn.ts'

/** Pause between two looks at the outbox, in milliseconds. */
const pollMs = 500
/** Messages under way at the same time, each to another channel. */
const maxUnderWay = 8
/** How long a channel may take for a message, in milliseconds. */
const sendMs = 20_000
/** A claim without an outcome for this long, in milliseconds, is of a sender that died. */
const maxClaimMs = 120_000
/** Interval at which such claims are searched for, and old alerts deleted, in milliseconds. */
const lookBackMs = 5000
/** Two chats that are told to wait within this time, in milliseconds: all chats of the kind wait. */
const allWaitMs = 10_000

const nothingWaits: OutboxState = { waiting: 0, uncertain: 0, givenUp: 0, oldestSeconds: 0 }

export interface SenderOptions {
  knex: Knex
  /** The id is that of its row in `instances`. */
  instance: WorkerInstance & { readonly id: string }
  openChannel: (channel: StoredChannel) => Channel
  links: PageLinks
  /** A run failed, or an outcome could not be written; it is tried again. */
  onFailure: (error: unknown) => void
  /** A run has succeeded again. */
  onRecovery?: (() => void) | undefined
  /** Default: the database's clock. */
  now?: () => Promise<UtcTime>
}

/**
 * Sends what waits in the outbox, on one instance at a time: one message of a channel after the other, and messages of
 * several channels at once. At least once; a message that may have arrived is sent again as it was, with that remark.
 */
export class Sender {
  readonly #knex: Knex
  readonly #id: string
  readonly #options: SenderOptions
  readonly #now: () => Promise<UtcTime>
  readonly #worker: LeasedWorker
  readonly #connection: ReturnType<typeof openReader>
  /** What is under way, by channel. */
  readonly #underWay = new Map<number, Promise<void>>()
  /** The last chat of a kind that was told to wait, and when, by this process's monotonic clock. */
  readonly #toldToWait = new Map<ChannelKind, { chat: string | null, at: number }>()
  #lookedBackAt = -Infinity
  #state: OutboxState = nothingWaits
  /** The last alert that `forgetOld` looked at. */
  #forgotUpTo = '0'

  constructor (options: SenderOptions) {
    const { knex, instance, onFailure, onRecovery, now } = options
    this.#knex = knex
    this.#id = instance.id
    this.#options = options
    this.#now = now ?? (async () => utcTime(await databaseNow(knex)))
    this.#worker = new LeasedWorker(instance, {
      lease: 'outbox',
      leaseSeconds: urgentLeaseSeconds,
      pauseMs: pollMs,
      run: (isAwaited) => this.#run(isAwaited),
      reset: () => { this.#state = nothingWaits },
      onFailure,
      onRecovery
    })
    this.#connection = openReader(knex)
  }

  /** State of the outbox some seconds ago; nothing waits while another instance sends. */
  get state (): OutboxState {
    return this.#state
  }

  start (): void {
    this.#worker.start()
  }

  /** Sends all that may be sent now; rejects with LeaseTaken where another instance sends. */
  runNow (): Promise<void> {
    return this.#worker.runNow()
  }

  stop (): void {
    this.#worker.stop()
  }

  /** Waits for the answers to what is under way. */
  async close (): Promise<void> {
    this.stop()
    await within(sendMs, Promise.all(this.#underWay.values())).catch(() => {})
    await this.#worker.close()
    await this.#connection.close()
  }

  async #run (isAwaited: boolean): Promise<void> {
    if (isAwaited || performance.now() - this.#lookedBackAt > lookBackMs) await this.#lookBack()
    for (;;) {
      await this.#worker.holdLease()
      const hasBegun = await this.#begin()
      if (!isAwaited) return
      await Promise.all(this.#underWay.values())
      if (!hasBegun) return
    }
  }

  /** Takes back what nobody sends any more, and forgets old alerts. */
  async #lookBack (): Promise<void> {
    this.#lookedBackAt = performance.now()
    const now = await this.#now()
    const claimed = await claimedMessages(this.#knex)
    if (claimed.length > 0) {
      const members = await listMembers(this.#knex)
      const alive = new Set(members.flatMap(({ id, seenSecondsAgo }) => seenSecondsAgo * 1000 <= goneMs ? [id] : []))
      for (const row of claimed) if (this.#isLost(row, alive, now)) await takeBack(this.#knex, row, now)
    }
    this.#forgotUpTo = await forgetOld(this.#knex, this.#forgotUpTo, now)
    this.#state = await readState(this.#knex, now)
  }

  #isLost ({ channelId, claimedBy, claimedAt }: ClaimedRow, alive: ReadonlySet<string>, now: UtcTime): boolean {
    if (claimedBy === this.#id) return !this.#underWay.has(channelId)
    const isAlive = dialectOf(this.#knex).hasManyWriters(this.#knex) && alive.has(claimedBy)
    return !isAlive || claimedAt < shift(now, -maxClaimMs)
  }

  /** Begins to send and to edit what is due; resolves to whether there was any. */
  async #begin (): Promise<boolean> {
    let hasBegun = false
    const now = await this.#now()
    for (const channelId of await dueChannels(this.#knex, now, this.#busy)) {
      if (this.#underWay.size >= maxUnderWay) return true
      await this.#worker.holdLease()
      const claimed = await takeTurn(this.#knex, channelId, this.#id, now)
      if (!claimed) continue
      this.#follow(channelId, this.#send(claimed))
      hasBegun = true
    }
    const most = maxUnderWay - this.#underWay.size
    for (const edit of await takeEdits(this.#knex, now, { busy: this.#busy, most })) {
      this.#follow(edit.channel.id, this.#edit(edit))
      hasBegun = true
    }
    return hasBegun
  }

  get #busy (): number[] {
    return [...this.#underWay.keys()]
  }

  #follow (channelId: number, work: Promise<void>): void {
    const followed = work
      .catch((error: unknown) => this.#options.onFailure(error))
      .finally(() => this.#underWay.delete(channelId))
    this.#underWay.set(channelId, followed)
  }

  async #send (claimed: Claimed): Promise<void> {
    const { channel, content, mayRepeat } = claimed
    const open = this.#options.openChannel(channel)
    const outcome = await this.#attempt(channel, content, async (lines, signal) => (
      await open.send(messageOf(content, this.#options.links.of(content), lines, mayRepeat), signal)
    ))
    const now = await this.#untilWritten(async () => {
      const now = await this.#now()
      await settle(this.#knex, claimed, outcome, { by: this.#id, now, canEdit: open.edit !== undefined })
      return now
    })
    await this.#waitWithOthers(channel, outcome, now)
  }

  /**
   * Writes an outcome as soon as the database takes it. An answer that is known leaves no doubt, so the message must
   * not be sent again. Rejects when the claim may have been taken back, or the sender stops.
   */
  async #untilWritten<T> (write: () => Promise<T>): Promise<T> {
    const { signal } = this.#worker
    const startedAt = performance.now()
    for (let tries = 1; ; tries++) {
      try {
        return await write()
      } catch (error) {
        if (signal.aborted || performance.now() - startedAt > maxClaimMs) throw error
        if (tries === 1) this.#options.onFailure(error)
      }
      await delay(pollMs, undefined, { signal })
    }
  }

  async #edit (edit: Edit): Promise<void> {
    const { channel, row, content } = edit
    const open = this.#options.openChannel(channel)
    const outcome = await this.#attempt(channel, content, async (lines, signal) => (
      await open.edit?.(row.messageId, messageOf(content, this.#options.links.of(content), lines, false), signal) ??
        { kind: 'notDelivered', then: 'giveUp', cause: 'send.failed', reason: 'the channel cannot change messages' }
    ))
    const now = await this.#now()
    await settleEdit(this.#knex, edit, outcome, now)
    const isMessage = outcome.kind === 'delivered' || (outcome.kind === 'notDelivered' && outcome.then === 'giveUp')
    if (isMessage) return
    const current = await findChannel(this.#knex, channel.id)
    if (current) await pauseChannel(this.#knex, current, outcome, now)
    await this.#waitWithOthers(channel, outcome, now)
  }

  /** Reads the lines, and tries to send; an error of the channel leaves open what happened. */
  async #attempt (
    { userId, lines: mode }: StoredChannel, { samples }: Content,
    send: (lines: string[], signal: AbortSignal) => Promise<SendOutcome>
  ): Promise<SendOutcome> {
    const signal = AbortSignal.timeout(sendMs)
    const lines = await linesOf({ knex: this.#connection.knex, signal }, userId, samples, mode)
    try {
      return await send(lines, signal)
    } catch (error) {
      this.#options.onFailure(error)
      return { kind: 'unknown', cause: 'send.failed', reason: 'the channel failed' }
    }
  }

  /** Lets all chats of a kind wait when a second one is told to. */
  async #waitWithOthers ({ kind, chat }: StoredChannel, outcome: SendOutcome, now: UtcTime): Promise<void> {
    if (outcome.kind !== 'notDelivered' || outcome.retryAfterMs === undefined || chat === null) return
    const before = this.#toldToWait.get(kind)
    this.#toldToWait.set(kind, { chat, at: performance.now() })
    if (!before || before.chat === chat || performance.now() - before.at > allWaitMs) return
    await pauseOthers(this.#knex, { kind }, utcTime(millisecondsOf(now) + outcome.retryAfterMs))
  }
}
