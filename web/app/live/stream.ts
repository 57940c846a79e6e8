// The tail of a search, as the API sends it (docs/querying.md), on connections that break and are opened again.
import { createParser } from 'eventsource-parser'
import { send } from '../api/client.ts'
import type { Log } from '../api/types.ts'
import { cutCharacters } from '../rows/read.ts'

export type TailEvent =
  | { kind: 'log', place: string, log: Log }
  /** Logs that the server could not send in time; a new tail after the place has them. */
  | { kind: 'missed', logs: number, after: string }
  /** The query takes too long to follow. */
  | { kind: 'slow' }

export interface Follow {
  query: string
  user: string
  /** The place after which to go on. */
  after (): string
  /** What a piece of the answer brought; nothing once the connection is open. */
  onEvents (events: readonly TailEvent[]): void
  signal: AbortSignal
}

/** Milliseconds without a byte after which a connection counts as broken: the server sends one every 15 seconds. */
const silenceMs = 40_000
/** Milliseconds before the next connection, where the last one was open; and where the query was too slow. */
const pauseMs = 1000
const slowPauseMs = 60_000

/** Follows the logs until the signal is aborted. Rejects with ApiError where the server refuses. */
export async function follow ({ query, user, after, onEvents, signal }: Follow): Promise<void> {
  while (!signal.aborted) {
    const broken = new AbortController()
    const ended = AbortSignal.any([signal, broken.signal])
    const params = { query, user, cut: cutCharacters, after: after() }
    const response = await send('api/logs/tail', { params, headers: { accept: 'text/event-stream' }, signal: ended })
    const isSlow = await read(response, broken, onEvents)
    const jitterMs = Math.random() * pauseMs
    await pause((isSlow ? slowPauseMs : pauseMs / 2) + jitterMs, signal)
  }
}

/** Reads the events of an answer until it ends, or breaks; resolves to whether the query is too slow. */
async function read (
  { body }: Response, broken: AbortController, onEvents: (events: readonly TailEvent[]) => void
): Promise<boolean> {
  let events: TailEvent[] = []
  const seen = { isSlow: false }
  const parser = createParser({
    onEvent: ({ event, id = '', data }) => {
      const parsed = eventOf(event, id, data)
      if (parsed) events.push(parsed)
      if (parsed?.kind === 'slow') seen.isSlow = true
    }
  })
  let timer = setTimeout(() => broken.abort(), silenceMs)
  try {
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
      clearTimeout(timer)
      timer = setTimeout(() => broken.abort(), silenceMs)
      parser.feed(piece.value)
      onEvents(events)
      events = []
    }
  } catch {
    // The connection broke; the next one goes on after the last event.
  } finally {
    clearTimeout(timer)
  }
  return seen.isSlow
}

function eventOf (name: string | undefined, place: string, data: string): TailEvent | undefined {
  if (name === 'log') return { kind: 'log', place, log: JSON.parse(data) as Log }
  if (name === 'missed') return { kind: 'missed', ...JSON.parse(data) as { logs: number, after: string } }
  return name === 'ended' ? { kind: 'slow' } : undefined
}

function pause (ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
    signal.addEventListener('abort', () => resolve(), { once: true })
    addEventListener('online', () => resolve(), { once: true, signal })
  })
}
