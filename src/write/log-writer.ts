// The writer behind app.writeLogs:
//
//   write → quota → writer.ts (group commit) → commit.ts → the database
//                                            → spool.ts  → drain.ts → commit.ts → the database
//                                                        commit.ts → kept.ts: what no table takes
//   write in a transaction of the host → host-writer.ts → the database
import { EventEmitter } from 'node:events'
import { describeFailure } from '../errors.ts'
import type { LogBatch, Receipt } from '../model/batch.ts'
import type { BatchStore } from '../model/batch-store.ts'
import type { UtcTime } from '../model/instant.ts'
import type { ServerLog } from '../model/server-log.ts'
import { within } from '../timeout.ts'
import type { SizedBatch } from './batch.ts'
import type { CommitClock } from './clock.ts'
import { Committer, type Committed } from './commit.ts'
import { Drain } from './drain.ts'
import { HostWriter, type HostStore } from './host-writer.ts'
import { RecordIds } from './ids.ts'
import { KeptFiles } from './kept.ts'
import { Quota } from './quota.ts'
import type { Damage } from './segment.ts'
import type { Spool } from './spool.ts'
import { Writer } from './writer.ts'

export interface WriterEvents {
  /**
   * A transaction was committed: its batches, the seconds it took, when it began, and how many of the records did not
   * become logs (dead letters, files and repetitions).
   */
  committed: [batches: readonly SizedBatch[], seconds: number, createdAt: UtcTime, lacking: number]
  retried: []
  spooled: [batches: readonly SizedBatch[]]
  drained: [batches: readonly SizedBatch[]]
  /** Records became dead letters. */
  buried: [records: number]
  /** Dead letters were deleted, because their user had too many. */
  trimmed: [letters: number]
  replayed: []
  /** Logs were left out, because the same token, which stores each log once, had sent them before. */
  repeated: [logs: number]
}

/** What the writer needs of the database. See `src/store/writer-store.ts`. */
export interface WriterStore<Transaction> {
  batches: BatchStore & { close (): Promise<void> }
  host: HostStore<Transaction>
  /** Resolves to the random id of the database. */
  id (): Promise<string>
  insertDeadLetter (letter: { id: string, userId: null, source: string, record: string, reason: string }): Promise<void>
  /** Folder for what no table takes, where there is no spool; undefined if the database is on another machine. */
  keptFolder: string | undefined
}

export interface LogWriterOptions<Transaction> {
  store: WriterStore<Transaction>
  /** Without `identify`, the service has no spool. */
  spool: { readonly spool?: Spool, readonly identify?: (databaseId: string) => Promise<void> }
  clock: CommitClock
  /** Deletes what accumulates beside the logs. */
  housekeeping: {
    noteCommitted (batches: readonly SizedBatch[]): void
    noteDeadLetters (batch: SizedBatch, letters: number): void
  }
  log: ServerLog
  /** Milliseconds that logs wait for the database; then they are spooled, or refused. */
  timeoutMs: number
  /** Logs per second of each user; 0 is any number. */
  logsPerSecond: number
}

/** Interval at which kept files are counted: a command may have stored or deleted some. */
const recountMs = 5000
/** Timeout of the test whether the database stores anything. */
const probeMs = 2000

/** Makes batches durable: in the database, or in the spool while it is unavailable. */
export class LogWriter<Transaction> {
  readonly events = new EventEmitter<WriterEvents>()
  readonly #options: LogWriterOptions<Transaction>
  readonly #ids: RecordIds
  readonly #writer: Writer
  readonly #hostWriter: HostWriter<Transaction>
  readonly #drain: Drain | undefined
  readonly #quota: Quota | undefined
  readonly #kept: KeptFiles
  readonly #recounting: NodeJS.Timeout
  /** Names and codes of the faults of the spool that were logged. */
  readonly #loggedFaults = new Set<string>()
  #databaseId: string | undefined

  constructor (options: LogWriterOptions<Transaction>) {
    const { store, spool, clock, log, timeoutMs, logsPerSecond } = options
    this.#options = options
    const ids = this.#ids = new RecordIds(() => clock.milliseconds)
    this.#kept = new KeptFiles(() => spool.spool?.folder ?? store.keptFolder, log)
    this.#quota = logsPerSecond > 0 ? new Quota(logsPerSecond) : undefined
    const committer = new Committer({ store: store.batches, ids, clock, timeoutMs, observer: this.#commitObserver() })
    const commit = committer.commit.bind(committer)
    const probe = () => within(probeMs, store.batches.probe(0, AbortSignal.timeout(probeMs)))
    const writer = this.#writer = new Writer({
      commit,
      ids,
      clock,
      spool: () => spool.spool,
      timeoutMs,
      probe,
      onUnavailable (error) {
        log.error({ failure: describeFailure(error) }, 'the database can\'t store logs; they go to the spool')
      },
      onAvailable: () => log.warn({}, 'the database stores logs again'),
      onSpooled: (batches) => this.events.emit('spooled', batches)
    })
    const onCommitted = (done: Committed) => this.#noteCommitted(done)
    this.#hostWriter = new HostWriter({ store: store.host, ids, clock, onCommitted })
    this.#drain = spool.identify && new Drain({
      spool: () => this.#identifiedSpool(),
      commit,
      deadLetter: (damage) => this.#deadLetter(damage),
      writer,
      timeoutMs,
      probe,
      onDrained: (batches) => this.events.emit('drained', batches),
      onRestored (logs) {
        log.warn({ logs }, 'logs that another server of the database had stored were missing here, and are stored')
      },
      onFault: (error) => this.#logFault(error)
    })
    this.#recounting = setInterval(() => { this.#kept.recount().catch(() => {}) }, recountMs).unref()
  }

  /** Resolves once the spool is open, if the database is available, and the kept files are counted. */
  async start (): Promise<void> {
    if (this.#drain) await this.#identifiedSpool().catch(() => {})
    await this.#kept.recount()
  }

  /** Resolves once every record is durable, or in the host's transaction; rejects when none is. */
  async write (batch: LogBatch, transaction?: Transaction): Promise<Receipt> {
    if (this.#quota && transaction === undefined) await this.#quota.spend(batch.userId, batch.records.length)
    const receipt = transaction === undefined
      ? await this.#writer.write(batch)
      : await this.#hostWriter.write(batch, transaction)
    if (receipt.replayed) this.events.emit('replayed')
    return receipt
  }

  /** Records and bytes that wait for a transaction; `away`: they go to the spool. */
  get state (): { records: number, bytes: number, away: boolean } {
    return { ...this.#writer.waiting, away: this.#writer.isUnavailable }
  }

  /** Number of files with logs that no table takes. */
  get keptFiles (): number {
    return this.#kept.count
  }

  /** A sentence for each problem with kept files and with the spool. */
  get warnings (): string[] {
    return [...this.#kept.warnings, ...this.#options.spool.spool?.problems ?? []]
  }

  /** Resolves when every batch is settled. */
  async close (): Promise<void> {
    clearInterval(this.#recounting)
    this.#hostWriter.close()
    await this.#writer.close()
    await this.#drain?.close()
    await this.#options.store.batches.close()
  }

  #commitObserver () {
    const { housekeeping, log } = this.#options
    return {
      committed: (done: Committed) => this.#noteCommitted(done),
      retried: () => { this.events.emit('retried') },
      deadLettered: (records: number, batch: SizedBatch) => {
        this.events.emit('buried', records)
        housekeeping.noteDeadLetters(batch, records)
        log.warn({ records }, 'the database refused logs; see: loggerbot dead-letters')
      },
      keep: (batch: SizedBatch) => this.#kept.keep(batch)
    }
  }

  #noteCommitted ({ batches, seconds, createdAt, lacking }: Committed): void {
    this.events.emit('committed', batches, seconds, createdAt, lacking)
    const repeated = batches.reduce((sum, batch) => sum + (batch.repeated ?? 0), 0)
    if (repeated > 0) this.events.emit('repeated', repeated)
    this.#options.housekeeping.noteCommitted(batches)
  }

  /** The spool of this database; rejects while the database can't be identified. */
  async #identifiedSpool (): Promise<Spool | undefined> {
    const { store, spool } = this.#options
    this.#databaseId ??= await within(probeMs, store.id())
    await spool.identify?.(this.#databaseId)
    return spool.spool
  }

  async #deadLetter ({ bytes, reason }: Damage): Promise<void> {
    const id = this.#ids.reserve(1).toString()
    const letter = { id, userId: null, source: 'spool', record: bytes.toString('base64'), reason }
    await this.#options.store.insertDeadLetter(letter)
    this.events.emit('buried', 1)
    this.#options.log.error(
      { bytes: bytes.length, reason },
      'a part of the spool is damaged and was kept as a dead letter; see: loggerbot dead-letters'
    )
  }

  /** Logs each kind of fault once: the drain retries twice a second. */
  #logFault (error: unknown): void {
    const failure = describeFailure(error)
    const kind = `${failure.name} ${failure.code}`
    if (this.#loggedFaults.has(kind)) return
    this.#loggedFaults.add(kind)
    this.#options.log.error({ failure }, 'a file of the spool can\'t be read, written or removed; other files go on')
  }
}
