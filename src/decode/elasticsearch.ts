// The body of Elasticsearch's `_bulk`: a line with an action and, unless that is `delete`, a line with the document. As
// in Elasticsearch 8, unknown names in the line of an action are ignored.
//
//   create, index   the document is a log
//   update          its `doc`, or else its `upsert`, is a log: logs are added, never changed
//   delete          does nothing: there is no such document
//
// The parts of a document are found by the names of the Elastic Common Schema, then by those of conventions.ts; if it
// has no process, the index is its process. All other fields are attributes, with `_index` and, if the sender gave one,
// `_id`.
//
// Lines without a known action are rejected as one piece, up to the next line with one: their neighbours are stored.
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

/** Line with an action. */
interface Action {
  action: typeof actions[number]
  index: string
  /** Id of the document, if the sender gave one. */
  id?: string
}

/** One action of a body, with the piece that its document becomes. */
export interface BulkItem extends Action {
  /** Undefined for `delete`. */
  piece?: Piece
  /** Bytes of the document. */
  source?: Buffer
  /** Set for lines without a known action, which count as `index`. */
  isMalformed?: true
}

/** How the documents of one body are read. */
interface BodyContext {
  parse: Parse
  arrival: UtcTime
}

/** Index of documents that name none. */
const noIndex = 'logs'

const newline = 0x0a
const space = 0x20
const openBrace = 0x7b

/** Bytes of an answer: every item of a request, even one of a few bytes, has an entry in it. */
const maxAnswerBytes = 16 * 1024 * 1024
/** Bytes of an item in the answer, without its names and reason. */
const itemBytes = 150

/** Lines without a known action in one piece: parsing them takes time. */
const maxMalformedLines = 100

/**
 * Yields the items of a body in order; undefined for a step. `target` is the index of actions that name none.
 * Throws TooLarge if the items, or the answer to them, are too many or too large.
 */
export function * decodeBulk (
  body: Buffer, target = noIndex, arrival: UtcTime
): Generator<BulkItem | undefined, void, void> {
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
    if (answerBytes > maxAnswerBytes) {
      const limit = `${maxAnswerBytes} bytes at most`
      throw new TooLarge(`the answer to a request must have ${limit}: send fewer documents at once`)
    }
    yield item
  }
}

function answerBytesOf ({ index, id = '', piece }: BulkItem): number {
  return Buffer.byteLength(index) + Buffer.byteLength(id) + (piece && 'reason' in piece ? piece.reason.length : 0)
}

function * decodeItems (body: Buffer, target: string, arrival: UtcTime): Generator<BulkItem | undefined, void, void> {
  const context = { parse: parserOf(body), arrival }
  let items = 0
  let malformedFrom = -1
  let malformedLines = 0
  let lastLine: Buffer = Buffer.alloc(0)
  let lastAction: Action | undefined

  for (let at = 0; at < body.length;) {
    if ((body[at] ?? 0) <= space) {
      at = yield * skipSpace(body, at)
      continue
    }
    const start = at
    const line = lineAt(body, at)
    at += line.length + 1
    // Many senders repeat the same line for each document.
    const action = line.equals(lastLine) ? lastAction : yield * parseAction(line)
    lastLine = line
    lastAction = action
    if (malformedFrom !== -1 && (action || malformedLines === maxMalformedLines)) {
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
      const piece = yield * decodeSource(source, action, items, context)
      yield { action: action.action, index: action.index, id: action.id, source, piece }
      items++
      at += source.length + 1
    }
  }
  if (malformedFrom !== -1) yield malformed(body.length)

  function * parseAction (line: Buffer): Generator<undefined, Action | undefined, void> {
    if (line[0] !== openBrace) return undefined
    try {
      return readAction(yield * parseLog(line, context.parse), target)
    } catch (error) {
      if (isRefusal(error)) return undefined
      throw error
    }
  }

  function malformed (end: number): BulkItem {
    const raw = rawOf(body.subarray(malformedFrom, end)).trimEnd()
    const reason = `the line before a document must be an object of one of ${actions.join(', ')}`
    return { action: 'index', index: target, isMalformed: true, piece: reject(items++, reason, raw) }
  }
}

/** As decodeBulk, without the actions. */
export function * decodeBulkPieces (body: Buffer, arrival: UtcTime): Generator<Step, void, void> {
  for (const item of decodeBulk(body, undefined, arrival)) yield item?.piece
}

function * skipSpace (body: Buffer, start: number): Generator<undefined, number, void> {
  let at = start
  for (; at < body.length && (body[at] ?? 0) <= space; at++) if ((at - start) % stepBytes === stepBytes - 1) yield
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

/** Decodes a body that is one document. */
export function * decodeDocument (
  body: Buffer, index: string, id: string | undefined, arrival: UtcTime
): Generator<undefined, BulkItem, void> {
  const action: Action = { action: 'create', index, id: id || undefined }
  const piece = yield * decodeSource(body, action, 0, { parse: parserOf(body), arrival })
  return { ...action, source: body, piece }
}

function * decodeSource (
  source: Buffer, { action, index, id }: Action, item: number, { parse, arrival }: BodyContext
): Generator<undefined, Piece, void> {
  try {
    if (source.length === 0) throw new BadRequest('the document is missing')
    const value = yield * parseLog(source, parse)
    const document = action === 'update' && isFields(value) ? value.doc ?? value.upsert : value
    if (!isFields(document)) {
      const subject = action === 'update' ? 'an update must have a doc that is' : 'the document must be'
      throw new BadRequest(`${subject} a JSON object`)
    }
    return logOf(source.length > stepBytes ? yield * narrow(document, own) : document, index, id, arrival)
  } catch (error) {
    if (!isRefusal(error)) throw error
    const line = `${JSON.stringify({ [action]: { _index: index, _id: id } })}\n`
    return reject(item, error.message, rawOf(Buffer.concat([Buffer.from(line), source])))
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
