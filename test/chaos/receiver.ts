// A receiver of webhooks.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { post } from '../helpers/http.ts'
import { random } from '../helpers/random.ts'
import { basic } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'
import type { Stage } from './stage.ts'

/** A message that was read to its end, whatever became of the answer. */
interface Arrival {
  body: string
  isMarked: boolean
}

/** A receiver of webhooks; a faulty one breaks some connections and refuses some messages after it has read them. */
export class Receiver {
  readonly arrivals = new Map<string, Arrival[]>()
  /** Messages that the service cannot know to be delivered. */
  doubts = 0
  isFaulty: boolean
  /** Awaited before a message is answered. */
  onMessage: () => Promise<void> = async () => {}
  url = ''

  static async start (t: Test, { isFaulty = false } = {}): Promise<Receiver> {
    const receiver = new Receiver(isFaulty)
    const server = createServer((request, response) => { receiver.#take(request, response).catch(() => {}) })
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    t.teardown(() => server.close())
    return receiver
  }

  private constructor (isFaulty: boolean) {
    this.isFaulty = isFaulty
  }

  async #take (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    const id = String(request.headers['webhook-id'])
    this.arrivals.set(id, [...this.arrivals.get(id) ?? [], { body, isMarked: 'loggerbot-may-repeat' in request.headers }])
    await this.onMessage()
    const fault = this.isFaulty ? random(0, 9) : 9
    if (fault < 2) this.doubts++
    if (fault < 1) request.socket.destroy()
    else response.writeHead(fault < 2 ? 500 : 200).end()
  }

  /** Adds it to the channels of users. */
  async addTo ({ instances: [instance] }: Stage, names: readonly string[]): Promise<void> {
    for (const name of names) {
      const { status, body } = await post(instance!.port, '/api/channels', { name: 'receiver', url: this.url, lines: 'none' }, basic(name))
      if (status !== 201) throw new Error(`no channel was added: ${status} ${body}`)
    }
  }

  /** Waits until all that was raised is sent; without the pauses between the messages of a channel. */
  async hasAll ({ knex }: Stage, isRaised: () => boolean): Promise<void> {
    await until('every alert is sent', async () => {
      await knex('alert_channels').update({ recent: null, paused_until: null })
      await knex('alert_outbox').where({ state: 'waiting' }).update({ next_at: '2020-01-01 00:00:00.000000' })
      const [{ left }] = await knex('alert_outbox').whereIn('state', ['waiting', 'sending']).count({ left: '*' }) as [{ left: number }]
      return Number(left) === 0 && isRaised()
    }, { progress: () => this.arrivals.size })
  }

  /** Number of errors that no message told by their titles. */
  untold (errors: ReadonlySet<string>): number {
    const { titles } = this.told
    return [...errors].filter((message) => !titles.has(message)).length
  }

  /** The messages that arrived, each with its repeats. */
  get copies (): Arrival[][] {
    return [...this.arrivals.values()]
  }

  /** The processes that messages tell of, one for each message; repeats are left out. */
  get processes (): string[] {
    return this.copies.map(([{ body } = { body: '{}' }]) => JSON.parse(body).data.process)
  }

  /** Titles that arrived, alone or in a digest; and alerts that a digest only counted, in a line for many or at its end. */
  get told (): { titles: Set<string>, counted: number } {
    const titles = new Set<string>()
    let counted = 0
    for (const [{ body } = { body: '{}' }] of this.arrivals.values()) {
      const { data } = JSON.parse(body)
      titles.add(data.title)
      for (const { title, alerts } of data.alerts as Array<{ title: string, alerts: number }>) {
        if (alerts === 1) titles.add(title)
        else counted += alerts
      }
      counted += data.heldBack
    }
    return { titles, counted }
  }
}

/** A word of 12 letters, so that each message is of a group of its own. */
export const word = (): string => Array.from({ length: 12 }, () => String.fromCharCode(random(97, 122))).join('')
