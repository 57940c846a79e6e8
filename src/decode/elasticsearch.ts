// The body of Elasticsearch's `_bulk`: a line that says what to do, then, but for `delete`, a line with the document.
//
//   create, index   the document is a log
//   update          its `doc` is one, or else its `upsert`: logs are added, never changed
//   delete          does nothing: there is no such document
//
//   message   message, msg, text, log (where that is a text)
//   time      @timestamp, timestamp, time                      as in JSON
//   level     log.level, level, severity, lvl, log.syslog.severity.code
//   process   service.name, process.name, name, process, service; without one the logger's name; else the index
//   pid       process.pid, pid
//   description  the logger's name: log.logger, logger, logger_name, loggerName
//
// A name with dots is a field of that name or one within others. Everything else is kept as attributes,
// beside `_index` and, where the sender gave one, `_id`.
//
// Lines that ask for nothing known are one piece until the next line that does: their neighbours are stored.
import { BadRequest } from '../errors.ts'
import type { LogRecord, Rejected, UtcTime } from '../record.ts'
import type { Piece } from './decoded.ts'
import { isFields, noProcess, recordOf, type FieldNames } from './fields.ts'
import { parserOf } from './json.ts'

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
  /** No line says what to do; it counts as `index`. */
  isMalformed?: true
}

/** Where a document goes that names no index. */
const noIndex = 'logs'

const newline = 0x0a

/** So many lines that ask for nothing known are one piece at most: looking at them takes time. */
const mostMalformed = 100

/** What a body asks for, in order. `target` is the index of actions that name none. */
export function * decodeBulk (body: Buffer, target = noIndex, arrival: UtcTime): Generator<BulkItem, void, void> {
  const parse = parserOf(body)
  let items = 0
  let malformedFrom = -1
  let malformedLines = 0
  let lastLine: Buffer = Buffer.alloc(0)
  let lastAction: Action | undefined

  for (let at = skipSpace(body, 0); at < body.length; at = skipSpace(body, at)) {
    const start = at
    const line = lineAt(body, at)
    at += line.length + 1
    // Of many senders every action is the same.
    const action = line.equals(lastLine) ? lastAction : readAction(tryParse(line), target)
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
    } else if (action.action === 'delete') {
      yield action
      items++
    } else {
      const source = lineAt(body, at)
      yield { action: action.action, index: action.index, id: action.id, piece: decodeSource(source, parse, action, items, arrival) }
      items++
      at += source.length + 1
    }
  }
  if (malformedFrom !== -1) yield malformed(body.length)

  function tryParse (line: Buffer): unknown {
    try {
      return parse(line)
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error
      return undefined
    }
  }

  function malformed (end: number): BulkItem {
    const raw = body.toString('utf8', malformedFrom, end).trimEnd()
    return { action: 'index', index: target, isMalformed: true, piece: reject(items++, `the line before a document must be an object of one of ${actions.join(', ')}`, raw) }
  }
}

/** The logs and rejected pieces alone. */
export function * decodeBulkPieces (body: Buffer, arrival: UtcTime): Generator<Piece, void, void> {
  for (const { piece } of decodeBulk(body, undefined, arrival)) if (piece) yield piece
}

function skipSpace (body: Buffer, at: number): number {
  while (at < body.length && body[at]! <= 0x20) at++
  return at
}

function lineAt (body: Buffer, start: number): Buffer {
  const end = body.indexOf(newline, start)
  return body.subarray(start, end === -1 ? body.length : end)
}

function readAction (value: unknown, target: string): Action | undefined {
  const [entry, ...more] = isFields(value) ? Object.entries(value) : []
  if (!entry || more.length > 0) return undefined
  const [name, given] = entry
  const action = actions.find((action) => action === name)
  if (!action || !isFields(given)) return undefined
  const { _index: index, _id: id, op_type: type } = given
  return {
    action: action === 'index' && type === 'create' ? 'create' : action,
    index: typeof index === 'string' && index !== '' ? index : target,
    id: typeof id === 'number' ? String(id) : typeof id === 'string' && id !== '' ? id : undefined
  }
}

function decodeSource (line: Buffer, parse: (line: Buffer) => unknown, { action, index, id }: Action, item: number, arrival: UtcTime): Piece {
  try {
    if (line.length === 0) throw new BadRequest('the document is missing')
    const value = parse(line)
    const document = action === 'update' && isFields(value) ? value.doc ?? value.upsert : value
    if (!isFields(document)) throw new BadRequest(action === 'update' ? 'an update must have a doc that is a JSON object' : 'the document must be a JSON object')
    return logOf(document, index, id, arrival)
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error
    return reject(item, error.message, `${JSON.stringify({ [action]: { _index: index, _id: id } })}\n${line.toString()}`)
  }
}

const loggerNames = ['log.logger', 'logger', 'logger_name', 'loggerName']

const names: FieldNames = {
  message: ['message', 'msg', 'text', 'log'],
  time: ['@timestamp', 'timestamp', 'time'],
  level: ['log.level', 'level', 'severity', 'lvl', 'log.syslog.severity.code'],
  process: ['service.name', 'process.name', 'name', 'process', 'service', ...loggerNames],
  pid: ['process.pid', 'pid'],
  description: loggerNames
}

/** Where `log` holds what the Elastic Common Schema says of a log, it is no message. */
const commonSchemaNames = { ...names, message: ['message', 'msg', 'text'] }

function logOf (document: Record<string, unknown>, index: string, id: string | undefined, arrival: UtcTime): LogRecord {
  const record = recordOf(document, isFields(document.log) ? commonSchemaNames : names, arrival)
  const attributes = record.attributes ??= {}
  attributes._index ??= index
  if (id !== undefined) attributes._id ??= id
  if (record.processName === noProcess) record.processName = index
  return record
}

function reject (index: number, reason: string, raw: string): Rejected {
  return { source: 'elasticsearch', index, reason, raw }
}
