import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { utcTime } from '../../record.ts'
import { durablePragmas, sqliteDriverPath } from '../../sqlite.ts'
import { deadLetterColumns, logColumns } from '../columns.ts'
import type { RowBatch, RowSink, SparingBatch } from './dialect.ts'

interface Answer {
  id: number
  known: number[]
  dead: number
  error?: { code: string, message: string }
}

/** Rows into an embedded database file, by a thread of its own. `refused` matches the codes of data that it refuses. */
export function sqliteSink (file: string, refused: RegExp): RowSink {
  const waiting = new Map<number, { resolve: (answer: Answer) => void, reject: (error: unknown) => void }>()
  let lastId = 0
  let failure: unknown

  const worker = new Worker(new URL('sqlite-worker.js', import.meta.url), {
    // A host's own loaders have nothing to do there.
    execArgv: [],
    workerData: { file, driver: sqliteDriverPath(), pragmas: durablePragmas, logColumns, deadLetterColumns, refused }
  })
  // An open database must not keep a process alive that has nothing else to do.
  worker.unref()
  worker.on('message', ({ error, ...answer }: Answer) => {
    const { resolve, reject } = waiting.get(answer.id)!
    waiting.delete(answer.id)
    if (waiting.size === 0) worker.unref()
    if (error) reject(Object.assign(new Error(error.message), { code: error.code }))
    else resolve(answer)
  })
  worker.on('error', (error) => {
    failure = error
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  })

  function ask (batches: ReadonlyArray<RowBatch | SparingBatch>, sparing: boolean): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (failure) return reject(failure)
      const id = ++lastId
      waiting.set(id, { resolve, reject })
      worker.ref()
      worker.postMessage({ id, batches, createdAt: utcTime(), sparing })
    })
  }

  return {
    async insert (batches) {
      const { known } = await ask(batches, false)
      return new Set(known.map((index) => batches[index]!))
    },

    async insertSparing (batch) {
      const { known, dead } = await ask([batch], true)
      return known.length === 0 ? dead : undefined
    },

    async close () {
      if (failure) return
      const ended = once(worker, 'exit')
      worker.ref()
      worker.postMessage('close')
      await ended
    }
  }
}
