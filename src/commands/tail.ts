import { setTimeout as delay } from 'node:timers/promises'
import { CommandError } from '../errors.ts'
import type { PresentedLog } from '../query/api-log.ts'
import { ask, clientDetails, clientFlags, jsonOf, Unreachable, whatOptions, writeLog, type ClientSource } from './client.ts'
import type { Command } from './command.ts'
import { countOf } from './search.ts'

/** Follows logs as they are stored. */
export const tail: Command = {
  summary: 'follow logs as they are stored: loggerbot tail level:>=warning',
  details: `Begins with the last ten. Goes on by itself where it was when the connection is lost. ${clientDetails}`,
  rest: 'QUERY',
  flags: clientFlags,
  options: {
    owner: whatOptions.owner,
    lines: { type: 'string', short: 'n', description: 'how many of the past to begin with (default 10)' },
    json: { type: 'boolean', description: 'a JSON object a line' }
  },

  async run (settings, { rest: query, options: { owner: user, lines = '10', json }, home, sourceOf, streams, warn }) {
    const limit = countOf('--lines', lines, 0)
    const source = { settings, home, sourceOf }
    const parameters = { query, user } as Record<string, string | undefined>
    const printed = new Set<string>()
    let lastId: string | undefined

    for (let first = true; ; first = false) {
      try {
        const { body } = await ask(source, '/api/logs/tail', parameters, lastId === undefined ? {} : { 'last-event-id': lastId })
        // After the tail began, so that nothing is missed between the two.
        if (first && limit > 0) {
          for (const log of await past(source, parameters, limit)) {
            printed.add(log.id)
            writeLog(log, json === true, streams.stdout)
          }
        }
        for await (const { id, event, data } of eventsOf(body!)) {
          if (event === 'missed') warn(`${JSON.parse(data).logs} logs came faster than they were read`)
          if (event === 'ended') throw new CommandError('the query takes too long to test: use fewer, shorter or simpler regular expressions')
          if (event !== 'log') continue
          lastId = id
          const log: PresentedLog = JSON.parse(data)
          if (!printed.delete(log.id)) writeLog(log, json === true, streams.stdout)
        }
      } catch (error) {
        if (first || !(error instanceof Unreachable || isCut(error))) throw error
      }
      await delay(1000)
    }
  }
}

async function past (source: ClientSource, parameters: Record<string, string | undefined>, limit: number): Promise<PresentedLog[]> {
  const { logs } = await jsonOf<{ logs: PresentedLog[] }>(await ask(source, '/api/logs', { ...parameters, limit: String(Math.min(limit, 1000)) }))
  return logs.reverse()
}

interface ServerEvent {
  id: string
  event: string
  data: string
}

/** Server-sent events as our own server writes them: each field at most once. */
async function * eventsOf (body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  let text = ''
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const parts = text.split('\n\n')
    text = parts.pop()!
    for (const part of parts) {
      const fields = Object.fromEntries(part.split('\n').map((line) => line.split(/: (.*)/s)))
      if (fields.event !== undefined) yield fields as ServerEvent
    }
  }
}

/** fetch says so when a connection ends in the midst of an answer. */
function isCut (error: unknown): boolean {
  return error instanceof TypeError
}
