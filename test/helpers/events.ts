import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import type { Test } from 'tap'
import { until } from './until.ts'

/** A server-sent event: its fields by name. */
export type ServerEvent = Partial<Record<'id' | 'event' | 'data' | 'retry', string>>

/** A stream of server-sent events, parsed as it arrives (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export class EventReader {
  /** The raw text received so far. */
  text = ''
  /** Complete events, without comments. */
  readonly events: ServerEvent[] = []
  readonly #incoming: IncomingMessage

  constructor (incoming: IncomingMessage) {
    this.#incoming = incoming
    let begun = ''
    let last = ''
    incoming.setEncoding('utf8').on('data', (chunk: string) => {
      this.text += chunk
      const before = last + chunk
      last = chunk.slice(-1)
      // Most pieces of an event of megabytes end none.
      if (!before.includes('\n\n')) {
        begun += chunk
        return
      }
      const parts = (begun + chunk).split('\n\n')
      begun = parts.pop()!
      for (const part of parts) {
        const fields = part.split('\n').filter((line) => !line.startsWith(':')).map((line) => line.split(/: (.*)/s))
        if (fields.length > 0) this.events.push(Object.fromEntries(fields))
      }
    })
    incoming.on('error', () => {})
  }

  /** Resolves once the condition holds for the events received. */
  until (what: string, condition: () => boolean): Promise<unknown> {
    return until(what, condition, { progress: () => this.text.length })
  }

  close (): void {
    this.#incoming.destroy()
  }
}

/** Opens a tail of the logs that match a query, or of other parameters, and waits until it has begun. It ends with the test. */
export async function followTail (t: Test, { port }: { port: number }, headers: Record<string, string>, query: string | Record<string, string>): Promise<EventReader> {
  const parameters = typeof query === 'string' ? { query } : query
  const outgoing = request({ port, path: `/api/logs/tail?${new URLSearchParams(parameters)}`, headers })
  outgoing.end()
  const [incoming] = await once(outgoing, 'response') as [IncomingMessage]
  const reader = new EventReader(incoming)
  t.teardown(() => reader.close())
  await reader.until('the tail begins', () => reader.text !== '')
  return reader
}
