// The primary of several workers. It opens the ports, and shares them with the workers, which accept connections by
// themselves (node:cluster). It touches neither logs nor the database.
//
//   start                     the first worker alone, which may migrate the database; if it can't start, the command
//                             ends as it does without workers. Then the others
//   a worker ends by itself   another one starts: at once, then after growing delays while workers end early
//   SIGHUP                    for each worker: its successor starts and serves, then it finishes its connections and
//                             ends. If the successor can't start, the restart ends, and the other workers go on
//   SIGINT, SIGTERM           all workers finish, as a server without workers does
//   the primary dies          node:cluster ends its workers at once; what they acknowledged is durable
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { randomSetupCode } from '../authenticate/setup.ts'
import { Member, type Asked, type End } from './member.ts'
import { SharedMetrics } from './metrics.ts'

export interface PrimaryOptions {
  /** Number of workers. */
  count: number
  /** Words of the command line of a worker. */
  args: readonly string[]
  /** Prints a line of the greeting, once all workers serve. */
  print: (line: string) => void
  /** Reports a problem in one line. */
  warn: (line: string) => void
}

/** A worker that served for this long did not end early. */
const steadyMs = 10_000
/** Delay before the successor of a second worker that ended early; it doubles with each further one. */
const minDelayMs = 500
const maxDelayMs = 30_000
/** Bound on a shutdown: a worker gives itself 9.5 s, unless it hangs. */
const killAfterMs = 12_000

/** Runs workers until a signal ends them. */
export class Primary {
  readonly #options: PrimaryOptions
  readonly #members = new Set<Member>()
  readonly #metrics = new SharedMetrics<Member>()
  readonly #setupCode = randomSetupCode()
  readonly #stopping = new AbortController()
  #earlyEnds = 0
  #exitCode = 0

  constructor (options: PrimaryOptions) {
    this.#options = options
  }

  /** Resolves to the exit code of the command. */
  async run (): Promise<number> {
    process.on('SIGINT', () => this.#stop()).on('SIGTERM', () => this.#stop())
    const { count, print } = this.#options
    const first = this.#start({ isFirst: true, readsDatagrams: true })
    await first.settled
    if (!first.isServing) return this.#isStopping() ? this.#exitCode : (await first.ended).code ?? 1

    const others = Array.from({ length: count - 1 }, () => this.#start({ isFirst: false, readsDatagrams: false }))
    for (const member of [first, ...others]) this.#keep(member).catch(() => {})
    await Promise.all(others.map(({ settled }) => settled))
    for (const line of this.#isStopping() ? [] : first.greeting) print(line)
    this.#restartOnSignal()

    if (!this.#isStopping()) await once(this.#stopping.signal, 'abort')
    await Promise.all(Array.from(this.#members, ({ ended }) => ended))
    return this.#exitCode
  }

  #isStopping (): boolean {
    return this.#stopping.signal.aborted
  }

  #start (part: { isFirst: boolean, readsDatagrams: boolean }): Member {
    const { args, count } = this.#options
    const role = { ...part, count, setupCode: this.#setupCode }
    const member = new Member(role, [...args, '--worker'], (...asked) => { this.#answer(...asked) })
    this.#members.add(member)
    member.ended.then((end) => this.#noteEnd(member, end), () => {})
    return member
  }

  #noteEnd (member: Member, { code, signal }: End): void {
    this.#members.delete(member)
    this.#metrics.noteEnd(member)
    // A worker that had not begun to serve dies of the signal.
    const isOrderly = code === 0 || signal === 'SIGTERM' || signal === 'SIGINT'
    if (this.#isStopping() && !isOrderly) this.#exitCode = 1
  }

  /** Keeps the place of a worker filled until the workers are stopped, or another worker is given the place. */
  async #keep (member: Member): Promise<void> {
    const { signal } = this.#stopping
    for (let current = member; ;) {
      const { code, signal: killedBy } = await current.ended
      if (this.#isStopping() || await current.succession) return
      this.#options.warn(`worker ${current.pid} ended (${killedBy ?? code}); another one takes its place`)
      await delay(this.#delayAfter(current), undefined, { signal }).catch(() => {})
      if (this.#isStopping()) return
      current = this.#start({ isFirst: false, readsDatagrams: current.role.readsDatagrams })
    }
  }

  /** Delay in ms before the successor of a worker that ended by itself. */
  #delayAfter ({ servedMs }: Member): number {
    this.#earlyEnds = servedMs > steadyMs ? 0 : this.#earlyEnds + 1
    return this.#earlyEnds < 2 ? 0 : Math.min(minDelayMs * 2 ** (this.#earlyEnds - 2), maxDelayMs)
  }

  #restartOnSignal (): void {
    let restarted = Promise.resolve()
    process.on('SIGHUP', () => {
      const members = [...this.#members]
      // A signal during a restart is obeyed after it: the successors may have begun before what it is about.
      restarted = restarted.then(() => this.#restart(members))
    })
  }

  /** Restarts those of the members that still run when their turn comes. */
  async #restart (members: readonly Member[]): Promise<void> {
    for (const member of members) {
      await member.settled
      if (this.#isStopping() || !member.isServing) continue
      member.succession = this.#succeed(member)
      if (await member.succession) {
        await member.ended
      } else if (!this.#isStopping()) {
        this.#options.warn('a new worker could not start: the restart is given up, and the other workers go on')
        return
      }
    }
  }

  /** Starts the successor of a worker, and retires the worker once it serves; resolves to whether it does. */
  async #succeed (member: Member): Promise<boolean> {
    const successor = this.#start({ isFirst: false, readsDatagrams: member.role.readsDatagrams })
    await successor.settled
    if (!successor.isServing) return false
    this.#keep(successor).catch(() => {})
    member.send({ kind: 'retire' })
    return true
  }

  #stop (): void {
    if (this.#isStopping()) return
    this.#stopping.abort()
    for (const member of this.#members) member.kill('SIGTERM')
    setTimeout(() => { for (const member of this.#members) member.kill('SIGKILL') }, killAfterMs).unref()
  }

  #answer (member: Member, message: Asked): void {
    const serving = [...this.#members].filter(({ isServing }) => isServing)
    switch (message.kind) {
      case 'metrics':
        this.#metrics.note(member, message.metrics, message.id)
        break
      case 'scrape': {
        const { id } = message
        this.#metrics.read(serving, (each, id) => each.send({ kind: 'read', id }))
          .then((text) => member.send({ kind: 'text', id, text }), () => {})
        break
      }
      case 'channel':
        for (const other of serving) if (other !== member) other.send(message)
    }
  }
}
