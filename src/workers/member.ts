import cluster from 'node:cluster'
import { once } from 'node:events'
import type { FromWorker, Role, ToWorker } from './messages.ts'

/** How a process ended: by itself with a code, or by a signal. */
export interface End {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A message that the primary answers once the worker has begun. */
export type Asked = Exclude<FromWorker, { kind: 'hello' | 'ready' }>

// The workers accept connections themselves. Were the primary to deal them out, a connection that it hands to a worker
// at the moment when that is killed would hang for ever.
cluster.schedulingPolicy = cluster.SCHED_NONE

/** A worker, as the primary sees it. */
export class Member {
  readonly role: Role
  /** Resolves once it has ended. */
  readonly ended: Promise<End>
  /** Resolves once it serves, or has ended. */
  readonly settled: Promise<unknown>
  /** Lines for the operator, once it serves. */
  greeting: string[] = []
  /** While its successor starts, and after: whether that takes its place. */
  succession: Promise<boolean> | undefined
  readonly #worker
  /** When it began to serve, by the monotonic clock. */
  #readyAt: number | undefined
  #hasEnded = false

  /** Starts a process with these words of a command line. */
  constructor (role: Role, args: string[], onAsked: (member: Member, message: Asked) => void) {
    this.role = role
    cluster.setupPrimary({ args })
    const worker = this.#worker = cluster.fork()
    this.ended = once(worker, 'exit').then(([code, signal]) => {
      this.#hasEnded = true
      return { code, signal }
    })
    const ready = new Promise<void>((resolve) => {
      worker.on('message', (message: FromWorker) => {
        switch (message.kind) {
          case 'hello':
            this.send({ kind: 'begin', role })
            break
          case 'ready':
            this.#readyAt = performance.now()
            this.greeting = message.greeting
            resolve()
            break
          default:
            onAsked(this, message)
        }
      })
    })
    this.settled = Promise.race([ready, this.ended])
  }

  get pid (): number | undefined {
    return this.#worker.process.pid
  }

  /** Whether it serves. */
  get isServing (): boolean {
    return this.#readyAt !== undefined && !this.#hasEnded
  }

  /** Milliseconds for which it served. */
  get servedMs (): number {
    return this.#readyAt === undefined ? 0 : performance.now() - this.#readyAt
  }

  /** Sends a message; one to a process that ended is dropped. */
  send (message: ToWorker): void {
    this.#worker.send(message, () => {})
  }

  kill (signal: NodeJS.Signals): void {
    this.#worker.process.kill(signal)
  }
}
