// Logs of OpenTelemetry in requests of OTLP/HTTP; log.ts makes records of them.
import type { UtcTime } from '../../model/instant.ts'
import { withoutLatin1 } from '../unpack/charset.ts'
import type { Step } from '../steps.ts'
import { decodeGroupedLogs } from '../grouped-logs.ts'
import { otlpJson } from './json.ts'
import { otlpProtobuf } from './protobuf.ts'

/** Decodes a request. Throws TooLarge if its logs would need too much memory. */
export function decodeOtlp (body: Buffer, encoding: 'json' | 'protobuf', arrival: UtcTime): Iterable<Step> {
  if (encoding === 'json') return decodeGroupedLogs(otlpJson, withoutLatin1(body), arrival)
  return decodeGroupedLogs(otlpProtobuf, body, arrival)
}
