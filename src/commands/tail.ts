import { setTimeout as delay } from 'node:timers/promises'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { CommandError } from '../errors.ts'
import type { PresentedLog } from '../query/api-log.ts'
import { ask, jsonOf, printLog, Unreachable, type PrintOptions, type UrlParameters } from './client.ts'
import type { Context } from './context.ts'
import { countOf } from './search.ts'

/** Delay before a lost connection is opened again. */
const reconnectAfterMs = 1000
/** Bound on a page of the API. */
const maxPageLogs = 1000

export interface TailOptions extends PrintOptions {
  owner?: string
  lines?: string
}

/** Prints the last logs that match, and then each new one, until a signal ends the process. */
export async function tailLogs (context: Context, query: string, options: TailOptions): Promise<void> {
  const tail = new Tail(context, { query, user: options.owner }, options)
  await tail.start(countOf('--lines', options.lines ?? '10', 0))
  for (;;) {
    await delay(reconnectAfterMs)
    await tail.resume()
  }
}

class Tail {
  readonly #context: Context
  readonly #parameters: UrlParameters
  readonly #printOptions: PrintOptions
  /** Past logs that were printed at the start, and that the feed may bring a second time. */
  readonly #printed = new Set<string>()
  #lastEventId: string | undefined

  constructor (context: Context, parameters: UrlParameters, printOptions: PrintOptions) {
    this.#context = context
    this.#parameters = parameters
    this.#printOptions = printOptions
  }

  /** Prints `count` past logs and then new ones; resolves when the connection is lost. */
  async start (count: number): Promise<void> {
    const events = await this.#open()
    // Read after the feed was opened, so that no log between the two is missed.
    if (count > 0) await this.#printPast(Math.min(count, maxPageLogs))
    await this.#printEvents(events).catch(rethrowUnlessCut)
  }

  /** Continues after the last event; resolves when the connection is lost again. */
  async resume (): Promise<void> {
    try {
      await this.#printEvents(await this.#open())
    } catch (error) {
      if (!(error instanceof Unreachable)) rethrowUnlessCut(error)
    }
  }

  async #open (): Promise<NonNullable<Response['body']>> {
    const id = this.#lastEventId
    const headers = id === undefined ? undefined : { 'last-event-id': id }
    const { body } = await ask(this.#context, '/api/logs/tail', this.#parameters, headers)
    return body ?? new ReadableStream()
  }

  async #printPast (count: number): Promise<void> {
    const answer = await ask(this.#context, '/api/logs', { ...this.#parameters, limit: String(count) })
    const { logs } = await jsonOf<{ logs: PresentedLog[] }>(answer)
    for (const log of logs.reverse()) {
      this.#printed.add(log.id)
      this.#print(log)
    }
  }

  async #printEvents (body: NonNullable<Response['body']>): Promise<void> {
    const events = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
    for await (const { id, event, data } of events) {
      if (event === 'missed') this.#context.warn(`${JSON.parse(data).logs} logs came faster than they were read`)
      if (event === 'ended') {
        throw new CommandError('the query takes too long to test: use fewer, shorter or simpler regular expressions')
      }
      if (event !== 'log') continue
      this.#lastEventId = id
      const log: PresentedLog = JSON.parse(data)
      if (!this.#printed.delete(log.id)) this.#print(log)
    }
  }

  #print (log: PresentedLog): void {
    printLog(log, this.#printOptions, this.#context)
  }
}

/** fetch throws a TypeError when a connection ends in the middle of a response. */
function rethrowUnlessCut (error: unknown): void {
  if (!(error instanceof TypeError)) throw error
}
