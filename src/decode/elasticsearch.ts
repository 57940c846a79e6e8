// The body of Elasticsearch's `_bulk`: a line that says what to do, then, but for `delete`, a line with the document.
// As in Elasticsearch 8, what else stands in the first line is ignored.
//
//   create, index   the document is a log
//   update          its `doc` is one, or else its `upsert`: logs are added, never changed
//   delete          does nothing: there is no such document
//
// The parts of a document are found as conventions.ts has them, those of the Elastic Common Schema first; without a
// process it is the index. Everything else is kept as attributes, beside `_index` and, where the sender gave one,
// `_id`.
//
// Lines that ask for nothing known are one piece until the next line that does: their neighbours are stored.
import { BadRequest, TooLarge } from '../errors.ts'
import type { Rejected } from '../model/batch.ts'
import type { UtcTime } from '../model/instant.ts'
import type { LogRecord } from '../model/record.ts'
import { parseLog, rawOf } from './unpack/charset.ts'
import { conventions } from './record/conventions.ts'
import { stepBytes, type Piece, type Step } from './steps.ts'
import { isFields, narrow, noProcess, requireField, type Fields } from './record/fields.ts'
import { Growth } from './limits.ts'
import { parserOf, type Parse } from './json/parse.ts'
import { usualFields } from './record/loggers.ts'
import { NameTable } from './record/name-table.ts'
import { recordOf, type Reading } from './record/index.ts'

const actions = ['create', 'index', 'update', 'delete'] as const

/** What a line asks for. */
interface Action {
  action: typeof actions[number]
  index: string
  /** The document's name, where the sender gave it one. */
  id?: string
}

/** One thing that was asked for, with what it becomes: nothing of a `delete`. */
export interface BulkItem extends Action {
  piece?: Piece
  /** The document as it came. */
  source?: Buffer
  /** No line says what to do; it counts as `index`. */
  isMalformed?: true
}

/** Where a document goes that names no index. */
const noIndex = 'logs'

const newline = 0x0a
const space = 0x20
const openBrace = 0x7b

/** Bytes of an answer: each item of a request has a part in it, also one of a few bytes. */
const maxAnswerBytes = 16 * 1024 * 1024
/** Bytes of an item in the answer, beside its names and reason. */
const itemBytes = 150

/** So many lines that ask for nothing known are one piece at most: looking at them takes time. */
const mostMalformed = 100

/**
 * What a body asks for, in order. `target` is the index of actions that name none. Throws TooLarge where it, or what is
 * answered to it, is too much.
 */
export function * decodeBulk (body: Buffer, target = noIndex, arrival: UtcTime): Generator<BulkItem | undefined, void, void> {
  const growth = new Growth()
  let answerBytes = 0
  for (const item of decodeItems(body, target, arrival)) {
    if (!item) {
      growth.addStep()
      if (body.length > stepBytes) yield
      continue
    }
    growth.addLog()
    answerBytes += itemBytes + answerBytesOf(item)
    if (answerBytes > maxAnswerBytes) throw new TooLarge(`the answer to a request must have ${maxAnswerBytes} bytes at most: send fewer documents at once`)
    yield item
  }
}

function answerBytesOf ({ index, id = '', piece }: BulkItem): number {
  return Buffer.byteLength(index) + Buffer.byteLength(id) + (piece && 'reason' in piece ? piece.reason.length : 0)
}

function * decodeItems (body: Buffer, target: string, arrival: UtcTime): Generator<BulkItem | undefined, void, void> {
  const parse = parserOf(body)
  let items = 0
  let malformedFrom = -1
  let malformedLines = 0
  let lastLine: Buffer = Buffer.alloc(0)
  let lastAction: Action | undefined

  for (let at = 0; at < body.length;) {
    if (body[at]! <= space) {
      at = yield * skipSpace(body, at)
      continue
    }
    const start = at
    const line = lineAt(body, at)
    at += line.length + 1
    // Of many senders every action is the same.
    const action = line[0] !== openBrace ? undefined : line.equals(lastLine) ? lastAction : readAction(yield * tryParse(line), target)
    lastLine = line
    lastAction = action
    if (malformedFrom !== -1 && (action || malformedLines === mostMalformed)) {
      yield malformed(start)
      malformedFrom = -1
    }
    if (!action) {
      if (malformedFrom === -1) {
        malformedFrom = start
        malformedLines = 0
      }
      malformedLines++
      yield
    } else if (action.action === 'delete') {
      yield action
      items++
    } else {
      const source = lineAt(body, at)
      yield { action: action.action, index: action.index, id: action.id, source, piece: yield * decodeSource(source, parse, action, items, arrival) }
      items++
      at += source.length + 1
    }
  }
  if (malformedFrom !== -1) yield malformed(body.length)

  function * tryParse (line: Buffer): Generator<undefined, unknown, void> {
    try {
      return yield * parseLog(line, parse)
    } catch (error) {
      if (isRefusal(error)) return undefined
      throw error
    }
  }

  function malformed (end: number): BulkItem {
    const raw = rawOf(body.subarray(malformedFrom, end)).trimEnd()
    return { action: 'index', index: target, isMalformed: true, piece: reject(items++, `the line before a document must be an object of one of ${actions.join(', ')}`, raw) }
  }
}

/** The logs and rejected pieces alone. */
export function * decodeBulkPieces (body: Buffer, arrival: UtcTime): Generator<Step, void, void> {
  for (const item of decodeBulk(body, undefined, arrival)) yield item?.piece
}

function * skipSpace (body: Buffer, start: number): Generator<undefined, number, void> {
  let at = start
  for (; at < body.length && body[at]! <= space; at++) if ((at - start) % stepBytes === stepBytes - 1) yield
  return at
}

function lineAt (body: Buffer, start: number): Buffer {
  const end = body.indexOf(newline, start)
  return body.subarray(start, end === -1 ? body.length : end)
}

function readAction (value: unknown, target: string): Action | undefined {
  if (!isFields(value)) return undefined
  const [action, ...more] = actions.filter((action) => isFields(value[action]))
  if (!action || more.length > 0) return undefined
  const given = value[action] as Fields
  const { _index: index, _id: id, op_type: type } = given
  return {
    action: action === 'index' && type === 'create' ? 'create' : action,
    index: typeof index === 'string' && index !== '' ? index : target,
    id: typeof id === 'number' ? String(id) : typeof id === 'string' && id !== '' ? id : undefined
  }
}

/** What a body becomes that is one document. */
export function * decodeDocument (body: Buffer, index: string, id: string | undefined, arrival: UtcTime): Generator<undefined, BulkItem, void> {
  const action: Action = { action: 'create', index, id: id || undefined }
  return { ...action, source: body, piece: yield * decodeSource(body, parserOf(body), action, 0, arrival) }
}

function * decodeSource (line: Buffer, parse: Parse, { action, index, id }: Action, item: number, arrival: UtcTime): Generator<undefined, Piece, void> {
  try {
    if (line.length === 0) throw new BadRequest('the document is missing')
    const value = yield * parseLog(line, parse)
    const document = action === 'update' && isFields(value) ? value.doc ?? value.upsert : value
    if (!isFields(document)) throw new BadRequest(action === 'update' ? 'an update must have a doc that is a JSON object' : 'the document must be a JSON object')
    return logOf(line.length > stepBytes ? yield * narrow(document, own) : document, index, id, arrival)
  } catch (error) {
    if (!isRefusal(error)) throw error
    return reject(item, error.message, rawOf(Buffer.concat([Buffer.from(`${JSON.stringify({ [action]: { _index: index, _id: id } })}\n`), line])))
  }
}

function isRefusal (error: unknown): error is Error {
  return error instanceof BadRequest || error instanceof TooLarge
}

const reading: Reading = {
  source: 'elasticsearch',
  names: {
    ...conventions,
    message: ['message', ...conventions.message],
    time: ['@timestamp', ...conventions.time],
    level: ['log.level', ...conventions.level],
    process: ['service.name', 'process.name', ...conventions.process],
    pid: ['process.pid', ...conventions.pid]
  }
}

const own = { has: (name: string) => name === '_index' || name === '_id' || NameTable.of(reading.names).has(name) }

function logOf (document: Record<string, unknown>, index: string, id: string | undefined, arrival: UtcTime): LogRecord {
  const record = recordOf(usualFields(requireField(document)), reading, arrival)
  const attributes = record.attributes ??= {}
  attributes._index ??= index
  if (id !== undefined) attributes._id ??= id
  if (record.processName === noProcess) record.processName = index
  return record
}

function reject (index: number, reason: string, raw: string): Rejected {
  return { source: 'elasticsearch', index, reason, raw }
}
