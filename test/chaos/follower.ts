import { get, type IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { apiKey } from '../helpers/service.ts'
import { idPattern } from './ledger.ts'

/** The id of an event before all others: a reader that resumes after it gets all stored logs. */
const beginning = `10000101000000000000-0-${'0'.repeat(32)}-0`

/** A reader of the tail of all users. After each break it resumes after the last event that it saw, as browsers do. */
export class Follower {
  readonly #port: number
  /** How often each log was delivered, by its id. */
  readonly #logs = new Map<string, number>()
  readonly #closing = new AbortController()
  readonly #ended: Promise<void>
  #place = beginning
  /** Number of logs that the tail reported as missed. */
  missed = 0
  /** How often its connection broke. */
  breaks = 0

  constructor (port: number) {
    this.#port = port
    this.#ended = this.#run()
  }

  get logs (): ReadonlyMap<string, number> {
    return this.#logs
  }

  async close (): Promise<void> {
    this.#closing.abort()
    await this.#ended
  }

  async #run (): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      await this.#read().catch(() => {})
      this.breaks++
      await delay(100, undefined, { signal }).catch(() => {})
    }
  }

  /** Reads until the connection ends. */
  async #read (): Promise<void> {
    const { signal } = this.#closing
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      get({ host: '127.0.0.1', port: this.#port, path: '/api/logs/tail', headers: { 'x-api-key': apiKey, 'last-event-id': this.#place }, signal }, resolve).on('error', reject)
    })
    let begun = ''
    for await (const chunk of incoming.setEncoding('utf8') as AsyncIterable<string>) {
      const events = (begun + chunk).split('\n\n')
      begun = events.pop()!
      for (const event of events) this.#take(event)
    }
  }

  #take (event: string): void {
    const fields = Object.fromEntries(event.split('\n').map((line) => line.split(/: (.*)/s)))
    if (fields.event === 'missed') this.missed += JSON.parse(fields.data).logs
    if (fields.event !== 'log') return
    const [id = ''] = JSON.parse(fields.data).message.match(idPattern) ?? []
    this.#logs.set(id, (this.#logs.get(id) ?? 0) + 1)
    this.#place = fields.id
  }
}
