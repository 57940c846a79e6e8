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

/**
 * Rows into an embedded database file, by a thread of its own, which begins at the first of them and
 * anew after it failed. `refused` matches the codes of data that it refuses.
 */
export function sqliteSink (file: string, refused: RegExp): RowSink {
  const waiting = new Map<number, { resolve: (answer: Answer) => void, reject: (error: unknown) => void }>()
  let lastId = 0
  let worker: Worker | undefined

  function start (): Worker {
    const started = new Worker(new URL('sqlite-worker.js', import.meta.url), {
      // A host's own loaders have nothing to do there.
      execArgv: [],
      workerData: { file, driver: sqliteDriverPath(), pragmas: durablePragmas, logColumns, deadLetterColumns, refused }
    })
    started.on('message', ({ error, ...answer }: Answer) => {
      const { resolve, reject } = waiting.get(answer.id)!
      waiting.delete(answer.id)
      // An open database must not keep a process alive that has nothing else to do.
      if (waiting.size === 0) started.unref()
      if (error) reject(Object.assign(new Error(error.message), { code: error.code }))
      else resolve(answer)
    })
    started.on('error', ({ code }: { code?: string }) => {
      worker = undefined
      // An error of SQLite's comes here without its text.
      const failure = Object.assign(new Error('the thread that writes to SQLite failed'), { code })
      for (const { reject } of waiting.values()) reject(failure)
      waiting.clear()
    })
    return started
  }

  function ask (batches: ReadonlyArray<RowBatch | SparingBatch>, sparing: boolean): Promise<Answer> {
    return new Promise((resolve, reject) => {
      worker ??= start()
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
      if (!worker) return
      const ended = once(worker, 'exit')
      worker.ref()
      worker.postMessage('close')
      await ended
    }
  }
}
