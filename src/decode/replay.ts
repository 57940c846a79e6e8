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

/** Whether dead letters of the source can be decoded again. */
export function isDecodable (source: string): boolean {
  return decoders.has(source)
}

/** Decodes a dead letter. Throws BadRequest if it is still rejected, or its source is unknown. */
export function decodeAgain (source: string, raw: string, arrival: UtcTime): LogRecord[] {
  const decode = decoders.get(source)
  if (!decode) throw new BadRequest(`logs of the source ${source} cannot be decoded again`)
  const records: LogRecord[] = []
  for (const piece of decode(bytesOfRaw(raw), arrival)) {
    if (!piece) continue
    if ('reason' in piece) throw new BadRequest(piece.reason)
    records.push(piece)
  }
  return records
}
