import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Connection, ConnectionOptions, RowDataPacket } from 'mysql2/promise'
import { codeOf } from '../../../errors.ts'
import { unlessAborted } from '../../../timeout.ts'
import { nameOf, type Host } from './host-list.ts'
import { judge, unfit, type Verdict } from './role.ts'

/** Pause between two checks, in milliseconds: with the timeout, a server that hangs is noticed within two seconds. */
const checkMs = 500
const checkTimeoutMs = 1400
const tickMs = 100

/** One server of a list, which is checked on a connection of its own. */
export class WatchedHost {
  readonly host: Host
  readonly name: string
  /** Undefined before the first check. */
  verdict: Verdict | undefined
  /** Since when it is fit, by this process's monotonic clock. */
  fitSince = Infinity
  readonly #options: ConnectionOptions
  #socket: Socket | undefined
  #connection: Promise<Connection> | undefined
  #wake = new AbortController()

  constructor (host: Host, options: ConnectionOptions) {
    this.host = host
    this.name = nameOf(host)
    this.#options = options
  }

  get isFit (): boolean {
    return this.verdict?.isFit === true
  }

  /** Role, or the reason why it is not used. */
  get state (): string {
    if (this.verdict === undefined) return 'not checked yet'
    return this.verdict.isFit ? this.verdict.role : this.verdict.reason
  }

  note (verdict: Verdict): void {
    if (!verdict.isFit) this.fitSince = Infinity
    else if (!this.isFit) this.fitSince = performance.now()
    this.verdict = verdict
  }

  /** Checks the server; never rejects. */
  async check (): Promise<Verdict> {
    try {
      return await withinAwake(checkTimeoutMs, this.#judge())
    } catch (error) {
      this.close()
      return unfit(codeOf(error) ?? 'no answer')
    }
  }

  /** Checks it again and again, and at once when its connection is lost. */
  async watch (signal: AbortSignal, onVerdict: (verdict: Verdict) => void): Promise<void> {
    const isOver = () => signal.aborted
    while (!isOver()) {
      this.#wake = new AbortController()
      const verdict = await this.check()
      if (isOver()) break
      onVerdict(verdict)
      const either = AbortSignal.any([signal, this.#wake.signal])
      // A server that is down is not asked without a pause.
      await delay(checkMs, undefined, { signal: verdict.isFit ? either : signal, ref: false }).catch(() => {})
    }
    this.close()
  }

  close (): void {
    this.#socket?.destroy()
    this.#socket = undefined
    this.#connection = undefined
  }

  async #judge (): Promise<Verdict> {
    const connection = await (this.#connection ??= this.#open())
    return judge(async (sql) => (await connection.query<RowDataPacket[]>(sql))[0])
  }

  async #open (): Promise<Connection> {
    const { createConnection } = await import('mysql2/promise')
    const socket = this.#socket = connect({ ...this.host, noDelay: true })
    socket.unref().once('close', () => {
      if (this.#socket === socket) this.close()
      this.#wake.abort()
    })
    const connection = await createConnection({ ...this.#options, stream: () => socket })
    connection.on('error', () => {})
    return connection
  }
}

/** Rejects after a time in which this process ran: while it is busy itself, the server is not to blame. */
async function withinAwake<T> (timeoutMs: number, work: Promise<T>): Promise<T> {
  const timeout = new AbortController()
  let ticks = 0
  const timer = setInterval(() => { if (++ticks * tickMs >= timeoutMs) timeout.abort(new Error('no answer')) }, tickMs)
  try {
    return await unlessAborted(timeout.signal, work)
  } finally {
    clearInterval(timer)
  }
}
