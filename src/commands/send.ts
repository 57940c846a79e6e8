// `loggerbot send`: logs of standard input or of files, in order and durably.
//
//   bytes → lines → logs → batches → POST /api/logs, one at a time → position
//
// A batch is written to the position file with its Idempotency-Key before it is sent: after a crash the same bytes are
// sent under the same key, which the server stores once.
import { randomUUID } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { severityOfName } from '../decode/severity/index.ts'
import { CommandError, UsageError } from '../errors.ts'
import { severities } from '../model/record.ts'
import { requestOf } from './client.ts'
import type { Context } from './context.ts'
import { Batcher, type Batch } from './send/batcher.ts'
import { bodyOf, type BodyOptions } from './send/body.ts'
import { Delivery } from './send/delivery.ts'
import { LogFile, type FileBatch, type FileOptions } from './send/file.ts'
import { readPosition, writePosition, type Plan } from './send/position.ts'
import { Progress } from './send/progress.ts'
import { batchesOfStream } from './send/stream.ts'

export interface SendOptions {
  process?: string
  level?: string
  description?: string
  follow?: boolean
  position?: string
  /** False for --no-join. */
  join: boolean
}

/** Sends standard input, or files one after the other. Throws CommandError unless all is stored. */
export async function sendLogs (context: Context, files: string[], options: SendOptions): Promise<void> {
  if (options.follow && files.length !== 1) throw new UsageError('--follow takes one file')
  if (options.position !== undefined && files.length !== 1) throw new UsageError('--position takes one file')
  const sender = new Sender(context, options)
  const ending = new AbortController()
  const release = onSignal(() => ending.abort())
  const reading = { joins: options.join, follows: options.follow === true, ending: ending.signal }
  try {
    if (files.length === 0) await sendStream(context, sender, reading)
    else await sendFiles(context, { sender, files, reading, position: options.position })
  } finally {
    release()
    ending.abort()
    context.streams.stdin.destroy()
  }
  sender.reportRejected()
}

/** Calls back at the first signal; a second one ends the process, as if there were no handler. */
function onSignal (end: () => void): () => void {
  const handler = () => {
    release()
    end()
  }
  const release = () => {
    process.off('SIGINT', handler)
    process.off('SIGTERM', handler)
  }
  process.on('SIGINT', handler)
  process.on('SIGTERM', handler)
  return release
}

async function sendStream ({ streams }: Context, sender: Sender, { joins, ending }: FileOptions): Promise<void> {
  const batches = batchesOfStream(streams.stdin, new Batcher(joins), ending)
  await forEachAhead(batches, (batch) => sender.send(batch, newPlan(batch)))
}

interface FilesOptions {
  sender: Sender
  files: string[]
  reading: FileOptions
  /** Path of the position file. */
  position: string | undefined
}

async function sendFiles (context: Context, { sender, files, reading, position }: FilesOptions): Promise<void> {
  const { stderr } = context.streams
  const sizes = await Promise.all(files.map(async (file) => stat(file).then(({ size }) => size, () => 0)))
  const isShown = 'isTTY' in stderr && stderr.isTTY === true && !reading.follows
  const progress = isShown ? new Progress(stderr, sizes.reduce((sum, size) => sum + size, 0)) : undefined
  try {
    for (const path of files) {
      if (reading.ending.aborted) break
      await sendFile(context, { sender, path, reading, position, progress })
    }
  } finally {
    progress?.end()
  }
}

interface OneFileOptions extends Omit<FilesOptions, 'files'> {
  path: string
  progress: Progress | undefined
}

async function sendFile (context: Context, options: OneFileOptions): Promise<void> {
  const { sender, path, reading, position: positionPath, progress } = options
  const file = await LogFile.open(path, reading)
  let sentTo = 0
  const store = async (batch: FileBatch, plan: Plan) => {
    sentTo = batch.offset
    const { offset, bytes } = batch
    if (positionPath !== undefined) await writePosition(positionPath, { file: batch.file, offset, plan })
    await sender.send(batch, plan)
    sentTo += bytes
    if (positionPath !== undefined) await writePosition(positionPath, { file: batch.file, offset: sentTo })
    progress?.add(bytes)
  }
  try {
    const position = positionPath === undefined ? undefined : await readPosition(positionPath)
    const isFound = position && await file.resume(position)
    if (position && !isFound) context.warn(`the file of ${positionPath} is gone: ${path} is sent from its start`)
    if (position?.plan && isFound) {
      progress?.add(position.offset)
      await store(await file.readPlanned(position.plan.bytes), position.plan)
    }
    await forEachAhead(file.batches(), (batch) => store(batch, newPlan(batch)))
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    throw new CommandError(`${path} is stored up to byte ${sentTo} only: ${error.message}`)
  } finally {
    await file.close()
  }
}

function newPlan ({ bytes }: Batch): Plan {
  return { bytes, key: randomUUID(), at: Date.now() }
}

/** Calls `work` for each item, one at a time, while the next one is being read. */
async function forEachAhead<T> (items: AsyncGenerator<T, void, void>, work: (item: T) => Promise<void>): Promise<void> {
  for (let next = items.next(); ;) {
    const { done, value } = await next
    if (done) return
    next = items.next()
    // It is awaited later, unless the work fails first.
    next.catch(() => {})
    await work(value)
  }
}

/** Sends batches of logs and counts them. */
class Sender {
  readonly #delivery: Delivery
  readonly #given: BodyOptions['given']
  #accepted = 0
  #rejected = 0

  constructor (context: Context, { process: processName, level, description }: SendOptions) {
    const severity = level === undefined ? undefined : severityOfName(level)
    if (level !== undefined && !severity) throw new UsageError(`--level must be one of ${severities.join(', ')}`)
    this.#given = { severity, processName, description }
    const { url, headers } = requestOf(context, '/api/logs')
    for (const [name, value] of Object.entries({ process: processName, level, description })) {
      if (value !== undefined) url.searchParams.set(name, value)
    }
    this.#delivery = new Delivery({ url, headers, warn: context.warn })
  }

  /** Resolves once the logs are durable. */
  async send ({ logs }: Batch, { key, at }: Plan): Promise<void> {
    if (logs.length === 0) return
    const { accepted, rejected } = await this.#delivery.send(bodyOf(logs, { given: this.#given, at }), key)
    this.#accepted += accepted
    this.#rejected += rejected
  }

  /** Throws CommandError if the server could not read some logs. */
  reportRejected (): void {
    if (this.#rejected === 0) return
    throw new CommandError(`${this.#rejected} of ${this.#accepted + this.#rejected} logs could not be read by the ` +
      'server, and are dead letters there (loggerbot dead-letters list)')
  }
}
