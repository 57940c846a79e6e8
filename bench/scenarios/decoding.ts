import { collect, type Step } from '../../src/decode/steps.ts'
import { decodeDatadog } from '../../src/decode/datadog.ts'
import { decodeBulkPieces } from '../../src/decode/elasticsearch.ts'
import { decodeGelf } from '../../src/decode/gelf/index.ts'
import { decodeHec } from '../../src/decode/hec.ts'
import { JsonCutter } from '../../src/decode/json/cutter.ts'
import { decodeJsonLog, jsonReading } from '../../src/decode/json/logs.ts'
import { parserOf } from '../../src/decode/json/parse.ts'
import { decodeLoki } from '../../src/decode/loki/index.ts'
import { decodeOtlp } from '../../src/decode/otlp/index.ts'
import { decodeSeq } from '../../src/decode/seq.ts'
import { unsnap, unsnapSteps } from '../../src/decode/unpack/snappy.ts'
import { utcTime } from '../../src/model/instant.ts'
import type { Bench } from '../bench.ts'
import { corpusRequest, seeded } from '../corpus.ts'
import type { Finding, Report } from '../measure.ts'
import { protocols } from '../protocols.ts'

const decoders: Record<string, (body: Buffer) => Iterable<Step>> = {
  'JSON lines': decodeLines,
  'OTLP, JSON': (body) => decodeOtlp(body, 'json', utcTime()),
  'OTLP, protobuf': (body) => decodeOtlp(body, 'protobuf', utcTime()),
  'Loki, JSON': (body) => decodeLoki(body, 'json', utcTime()),
  'Loki, protobuf': decodeSnappy,
  'Elasticsearch _bulk': (body) => decodeBulkPieces(body, utcTime()),
  'Splunk HEC': (body) => decodeHec(body, utcTime()),
  GELF: (body) => decodeGelf(body, utcTime()),
  Datadog: (body) => decodeDatadog(body, utcTime()),
  'Seq CLEF': (body) => decodeSeq(body, utcTime())
}

function * decodeLines (body: Buffer): Generator<Step> {
  const cutter = new JsonCutter(Infinity)
  const json = { reading: jsonReading, arrival: utcTime(), parse: parserOf(body) }
  for (const piece of cutter.push(body)) yield * decodeJsonLog(piece, 0, json)
}

function * decodeSnappy (body: Buffer): Generator<Step> {
  yield * decodeLoki(yield * unsnapSteps(body, Infinity), 'protobuf', utcTime())
}

/** Size of a body after decompression. */
const largeBytes = 10 * 1024 * 1024

/** The longest time for which a body of 10 MB blocks all others, and the cost of decoding a log. */
export async function decoding ({ rounds }: Bench): Promise<Report[]> {
  const findings: Finding[] = []
  for (const [name, decode] of Object.entries(decoders)) {
    const body = bodyOf(name)
    const stretches: number[] = []
    const costs: number[] = []
    // The first round warms up the compiler and is not counted.
    for (let round = -1; round < rounds; round++) {
      const { stretch, took, records } = await watch(() => collect(decode(body)))
      if (round < 0) continue
      stretches.push(stretch)
      costs.push(1000 * took / records)
    }
    findings.push(
      { title: `${name}: longest stretch, ms`, values: stretches, atMost: 20 },
      { title: `${name}: µs a log`, values: costs }
    )
  }
  return [{ name: 'decoding', title: 'bodies of 10 MB, decoded in this process', samples: {}, findings }]
}

function bodyOf (protocol: string): Buffer {
  const { body } = protocols[protocol]!
  const now = new Date()
  const logs = 1000
  const sample = body(corpusRequest(seeded(1), logs), now)
  const one = protocol === 'Loki, protobuf' ? unsnap(sample, Infinity).length : sample.length
  return body(corpusRequest(seeded(1), Math.ceil(logs * largeBytes / one)), now)
}

/** Runs the work while a timer measures the longest time, in ms, for which it was blocked. */
async function watch (work: () => Promise<{ records: unknown[] }>): Promise<{ stretch: number, took: number, records: number }> {
  let last = performance.now()
  let stretch = 0
  const measure = () => {
    stretch = Math.max(stretch, performance.now() - last)
    last = performance.now()
    if (isRunning) setImmediate(measure)
  }
  let isRunning = true
  setImmediate(measure)
  const started = performance.now()
  const { records } = await work()
  const took = performance.now() - started
  isRunning = false
  measure()
  return { stretch, took, records: records.length }
}
