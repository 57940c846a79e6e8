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

/** The decoders that reject pieces, by the source that they name. */
const decoders: Record<string, (raw: Buffer, arrival: UtcTime) => Iterable<Step>> = {
  json: (raw, arrival) => decodeJsonLog(raw, 0, jsonReading, arrival),
  'otlp-json': (raw, arrival) => decodeOtlp(raw, 'json', arrival),
  'otlp-protobuf': (raw, arrival) => decodeOtlp(Buffer.from(raw.toString(), 'base64'), 'protobuf', arrival),
  'loki-json': (raw, arrival) => decodeLoki(raw, 'json', arrival),
  'loki-protobuf': (raw, arrival) => decodeLoki(Buffer.from(raw.toString(), 'base64'), 'protobuf', arrival),
  elasticsearch: decodeBulkPieces,
  journal: (raw, arrival) => decodeJournalEntry(raw, 0, arrival),
  hec: decodeHec,
  gelf: decodeGelf,
  datadog: decodeDatadog,
  seq: decodeSeq
}

/** Whether a piece of that source can be decoded again. */
export function isDecodable (source: string): boolean {
  return Object.hasOwn(decoders, source)
}

/** The logs of a piece that was rejected once. Throws BadRequest where it is rejected still. */
export function decodeAgain (source: string, raw: string, arrival: UtcTime): LogRecord[] {
  const records: LogRecord[] = []
  for (const piece of decoders[source]!(bytesOfRaw(raw), arrival)) {
    if (!piece) continue
    if ('reason' in piece) throw new BadRequest(piece.reason)
    records.push(piece)
  }
  return records
}
