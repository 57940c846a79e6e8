import { once } from 'node:events'
import type { Registry } from 'prom-client'
import type { Peers } from '../model/peers.ts'
import { within } from '../timeout.ts'
import type { FromWorker, Role, ToWorker } from './messages.ts'

/** Bound on a scrape: the primary waits for the other workers for half of it. */
const scrapeTimeoutMs = 5000

/** A worker's side of the channel to its primary. When the primary dies, node:cluster ends the worker. */
export class WorkerLink implements Peers {
  readonly role: Role
  /** Called once, when the successor of this worker serves. */
  onRetire: () => void = () => {}
  readonly #receivers = new Map<string, (message: never) => void>()
  readonly #scrapes = new Map<number, (text: string) => void>()
  #own: Registry | undefined
  #scrapeCount = 0

  /** Asks the primary what to do. */
  static async open (): Promise<WorkerLink> {
    const answer = once(process, 'message')
    send({ kind: 'hello' })
    const [message] = await answer as [ToWorker]
    if (message.kind !== 'begin') throw new Error(`the primary answered ${message.kind}`)
    return new WorkerLink(message.role)
  }

  private constructor (role: Role) {
    this.role = role
    process.on('message', (message: ToWorker) => { this.#receive(message) })
  }

  /** Tells the primary that this worker serves; `greeting` is for the operator. */
  ready (greeting: string[]): void {
    send({ kind: 'ready', greeting })
  }

  /** Sends the last metrics of this worker; resolves once they are sent. */
  async leave (): Promise<void> {
    const metrics = await this.#own?.getMetricsAsJSON()
    if (metrics !== undefined) await new Promise<unknown>((resolve) => { send({ kind: 'metrics', metrics }, resolve) })
  }

  /** Lets the process end by itself, although the channel is open. */
  release (): void {
    process.channel?.unref()
  }

  openChannel<Message> (name: string, receive: (message: Message) => void): (message: Message) => void {
    this.#receivers.set(name, receive)
    return (message) => { send({ kind: 'channel', name, message }) }
  }

  /** Joins the metrics of this worker to those of all; returns what reads the text of all. */
  joinMetrics (own: Registry): () => Promise<string> {
    this.#own = own
    return async () => {
      const id = this.#scrapeCount++
      const text = new Promise<string>((resolve) => { this.#scrapes.set(id, resolve) })
      send({ kind: 'scrape', id })
      return within(scrapeTimeoutMs, text).finally(() => this.#scrapes.delete(id))
    }
  }

  #receive (received: ToWorker): void {
    switch (received.kind) {
      case 'begin': break
      case 'read':
        this.#own?.getMetricsAsJSON().then((metrics) => send({ kind: 'metrics', id: received.id, metrics }), () => {})
        break
      case 'text':
        this.#scrapes.get(received.id)?.(received.text)
        break
      case 'channel':
        this.#receivers.get(received.name)?.(received.message as never)
        break
      case 'retire':
        this.onRetire()
    }
  }
}

/** Sends to the primary, unless it is gone. */
function send (message: FromWorker, done: (error: Error | null) => void = () => {}): void {
  if (process.connected) process.send?.(message, undefined, undefined, done)
  else done(null)
}
