import { BadRequest } from '../errors.ts'
import type { UtcTime } from '../model/instant.ts'
import type { LogRecord } from '../model/record.ts'
import { bytesOfRaw } from './unpack/charset.ts'
import type { Step } from './steps.ts'
import { decodeDatadog } from './datadog.ts'
import { decodeBulkPieces } from './elasticsearch.ts'
import { decodeGelf } from './gelf/index.ts'
import { decodeHec } from './hec.ts'
import { decodeJournalEntry } from './journal.ts'
import { decodeJsonLog, jsonReading } from './json/logs.ts'
import { decodeLoki } from './loki/index.ts'
import { decodeOtlp } from './otlp/index.ts'
import { decodeSeq } from './seq.ts'

type Decoder = (raw: Buffer, arrival: UtcTime) => Iterable<Step>

/** Decoders that reject pieces, by their source. */
const decoders = new Map<string, Decoder>(Object.entries<Decoder>({
  json: (raw, arrival) => decodeJsonLog(raw, 0, { reading: jsonReading, arrival }),
  'otlp-json': (raw, arrival) => decodeOtlp(raw, 'json', arrival),
  'otlp-protobuf': (raw, arrival) => decodeOtlp(bytesOfBase64(raw), 'protobuf', arrival),
  'loki-json': (raw, arrival) => decodeLoki(raw, 'json', arrival),
  'loki-protobuf': (raw, arrival) => decodeLoki(bytesOfBase64(raw), 'protobuf', arrival),
  elasticsearch: decodeBulkPieces,
  journal: (raw, arrival) => decodeJournalEntry(raw, 0, arrival),
  hec: decodeHec,
  gelf: decodeGelf,
  datadog: decodeDatadog,
  seq: decodeSeq
}))

function bytesOfBase64 (text: Buffer): Buffer {
  return Buffer.from(text.toString(), 'base64')
}

/** A dead letter, as far as it is read here. */
interface DeadLetter {
  /** `database`: the record is JSON. Other sources name the protocol of the decoder that rejected it. */
  source: string
  record: string
  /** Null if the whole record was kept. */
  recordSha256: string | null
  createdAt: UtcTime
}

/** Whether the whole record was kept, and its source is known. */
export function isReplayable ({ source, recordSha256 }: Pick<DeadLetter, 'source' | 'recordSha256'>): boolean {
  return recordSha256 === null && (source === 'database' || decoders.has(source))
}

/** Decodes a dead letter. Throws BadRequest if it is still rejected, its source is unknown, or its record is cut. */
export function decodeAgain ({ source, record, recordSha256, createdAt }: DeadLetter): LogRecord[] {
  if (recordSha256 !== null) throw new BadRequest('the record was too long to keep whole')
  if (source === 'database') return [JSON.parse(record)]
  const decode = decoders.get(source)
  if (!decode) throw new BadRequest(`logs of the source ${source} cannot be decoded again`)
  const records: LogRecord[] = []
  for (const piece of decode(bytesOfRaw(record), createdAt)) {
    if (!piece) continue
    if ('reason' in piece) throw new BadRequest(piece.reason)
    records.push(piece)
  }
  return records
}
