// Logs of OpenTelemetry, as OTLP/HTTP carries them; how each becomes a record is told in otlp-log.ts.
import type { UtcTime } from '../../model/instant.ts'
import { withoutLatin1 } from '../unpack/charset.ts'
import type { Step } from '../steps.ts'
import { decodeGroupedLogs } from '../grouped-logs.ts'
import { otlpJson } from './json.ts'
import { otlpProtobuf } from './protobuf.ts'

/** The logs of a request. Throws TooLarge where they would take too much memory. */
export function decodeOtlp (body: Buffer, encoding: 'json' | 'protobuf', arrival: UtcTime): Iterable<Step> {
  return encoding === 'json' ? decodeGroupedLogs(otlpJson, withoutLatin1(body), arrival) : decodeGroupedLogs(otlpProtobuf, body, arrival)
}
