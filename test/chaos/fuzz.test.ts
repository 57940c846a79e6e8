// Valid bodies of every protocol, damaged at random: a decoder must yield logs and rejected pieces, or refuse the body by
// its declared error, in bounded time, and must report every loss. LOGGER_TEST_FUZZ_SECONDS sets the duration (3),
// LOGGER_TEST_FUZZ_SEED repeats a run; the seed is printed.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { decodeDatadog } from '../../src/decode/datadog.ts'
import { collect, type Step } from '../../src/decode/steps.ts'
import { decodeBulkPieces } from '../../src/decode/elasticsearch.ts'
import { decodeGelf } from '../../src/decode/gelf/index.ts'
import { bounded } from '../../src/decode/limits.ts'
import { decodeHec } from '../../src/decode/hec.ts'
import { decodeJournalEntry, JournalCutter } from '../../src/decode/journal.ts'
import { JsonCutter } from '../../src/decode/json/cutter.ts'
import { decodeJsonLog, jsonReading } from '../../src/decode/json/logs.ts'
import { decodeLoki } from '../../src/decode/loki/index.ts'
import { decodeOtlp } from '../../src/decode/otlp/index.ts'
import { decodePythonRecord } from '../../src/decode/python-record.ts'
import { decodeSeq } from '../../src/decode/seq.ts'
import { decodeSyslogSteps } from '../../src/decode/syslog/index.ts'
import { unsnapSteps } from '../../src/decode/unpack/snappy.ts'
import { BadRequest, TooLarge } from '../../src/errors.ts'
import { mutated } from '../helpers/mutated.ts'

t.setTimeout(600_000)

const seconds = Number(process.env.LOGGER_TEST_FUZZ_SECONDS ?? 3)
const seed = Number(process.env.LOGGER_TEST_FUZZ_SEED ?? Date.now() % 2 ** 31)
const arrival = '2026-01-02 03:04:05.000000'
const limit = 8 * 1024 * 1024
const fixture = (name: string) => JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8')) as Record<string, string>
const [loki, otlp] = [fixture('loki'), fixture('otlp')]

/** Limit of CPU time for one body: 1 s plus 1 µs a byte, a hundred times what is needed. */
const mostCpuMs = (bytes: number) => 1000 + bytes / 1000

function * decodeJson (body: Buffer): Generator<Step, void, void> {
  const cutter = new JsonCutter(limit, 'logs')
  for (const piece of [...cutter.push(body), ...cutter.end()]) yield * decodeJsonLog(piece, 0, { reading: jsonReading, arrival })
}

function * decodeJournal (body: Buffer): Generator<Step, void, void> {
  const cutter = new JournalCutter(limit)
  for (const entry of [...cutter.push(body), ...cutter.end()]) yield * decodeJournalEntry(entry, 0, arrival)
}

const journalEntry = Buffer.concat([
  Buffer.from('__CURSOR=x\n__REALTIME_TIMESTAMP=1714557600000000\nMESSAGE\n'), Buffer.from([5, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('a\nb\nc\nPRIORITY=3\n_PID=7\nA=1\nA=2\n\n')
])
const text = (text: string) => Buffer.from(text)

/** Decoders, with valid bodies and the number of logs in each. */
const decoders: Record<string, [decode: (body: Buffer) => Iterable<Step>, bodies: Buffer[]]> = {
  JSON: [decodeJson, [text('[{"msg":"a","time":1714557600.5,"level":30,"ctx":{"a":[1,null,"é🙂"]}},{"message":"b"}]'), text('{"logs":[{"msg":"c"}]}\n{"msg":"d"}\n')]],
  journal: [decodeJournal, [Buffer.concat([journalEntry, journalEntry])]],
  Datadog: [(body) => decodeDatadog(body, arrival), [text('[{"ddsource":"nodejs","ddtags":"env:dev,team:a,team:b","hostname":"h","message":"hello","service":"shop","user":"7"}]')]],
  HEC: [(body) => decodeHec(body, arrival), [text('{"time":"1714557600.123","host":"h1","source":"app","event":{"message":{"event":"hello","user":7},"severity":"info"}}{"event":"plain text","fields":{"a":1}}')]],
  GELF: [(body) => decodeGelf(body, arrival), [text('{"version":"1.1","host":"h","short_message":"hi","level":3,"timestamp":1714557600.5,"_user":7,"_pid":12}')]],
  Seq: [(body) => decodeSeq(body, arrival), [text('{"@t":"2026-01-01T00:00:00Z","@mt":"{A} of {@B:x} {{c}}","@l":"Warning","A":1,"B":{"c":2},"@r":["y"]}'), text('{"Events":[{"Timestamp":"2026-01-01T00:00:00Z","MessageTemplate":"m {A}","Properties":{"A":1}}]}')]],
  _bulk: [(body) => decodeBulkPieces(body, arrival), [text('{"create":{"_index":"i","_id":"1"}}\n{"message":"m","log":{"level":"error"}}\n{"delete":{"_id":"2"}}\n{"update":{"_id":"3"}}\n{"doc":{"message":"n"}}\n')]],
  'Loki, JSON': [(body) => decodeLoki(body, 'json', arrival), [text(loki.pino!), text(loki.winston!)]],
  'Loki, protobuf': [unpackLoki, [Buffer.from(loki.protobuf!, 'base64')]],
  'OTLP, JSON': [(body) => decodeOtlp(body, 'json', arrival), [text(otlp.json!)]],
  'OTLP, protobuf': [(body) => decodeOtlp(body, 'protobuf', arrival), [Buffer.from(otlp.protobuf!, 'base64')]],
  Python: [function * (body) { yield yield * decodePythonRecord(body, arrival) }, [text('name=root&msg=hello%20w%C3%B6rld+%25&args=%28%29&levelname=ERROR&levelno=40&created=1714557600.5&process=7&processName=MainProcess&lineno=3')]],
  syslog: [function * (bytes) { yield (yield * decodeSyslogSteps({ bytes, arrivedAt: 0, address: '10.0.0.1' })).record }, [text('<165>1 2026-11-23T05:36:02.526Z web1 shop 4711 ID47 [order@32473 id="A-\\"1042\\]"][loggerbot token="lb_x"] text'), text('<134>Nov 23 05:36:02 web1 shop[4711]: text')]]
}

function * unpackLoki (body: Buffer): Generator<Step, void, void> {
  yield * decodeLoki(yield * unsnapSteps(body, limit), 'protobuf', arrival)
}

/** Damages a body, and sometimes repeats it until it is long enough to be decoded in steps. */
const damaged = (bodies: readonly Buffer[]) => fc.tuple(fc.oneof(...bodies.map((body) => mutated(body)), ...bodies.map(fc.constant)), fc.constantFrom(1, 1, 1, 1, 2, 300), fc.uint8Array({ maxLength: 5 }))
  .map(([body, times, end]) => Buffer.concat([...Array<Buffer>(times).fill(body), end]))

t.comment(`LOGGER_TEST_FUZZ_SEED=${seed}`)
const share = seconds * 1000 / Object.keys(decoders).length
for (const [protocol, [decode, bodies]] of Object.entries(decoders)) {
  t.test(`${protocol} survives damaged bodies`, async (t) => {
    for (const body of bodies) t.ok((await collect(bounded(decode(body)))).records.length > 0, 'a valid body holds logs')
    const found = await fc.check(fc.asyncProperty(damaged(bodies), async (body) => {
      const start = process.cpuUsage()
      const { records, rejected } = await outcomeOf(decode, body)
      const { user, system } = process.cpuUsage(start)
      if ((user + system) / 1000 > mostCpuMs(body.length)) throw new Error(`took ${(user + system) / 1000} ms of CPU for ${body.length} bytes`)
      if (records + rejected > body.length + 1) throw new Error(`${records} logs and ${rejected} rejected pieces of ${body.length} bytes`)
    }), { seed, numRuns: Infinity, interruptAfterTimeLimit: share, markInterruptAsFailure: false, endOnFailure: true })
    t.notOk(found.failed, found.failed ? `${found.errorInstance}; seed ${found.seed}, path ${found.counterexamplePath}: ${found.counterexample?.[0].toString('base64').slice(0, 2000)}` : `${found.numRuns} bodies`)
  })
}

/** Decodes a body; a refused body counts as one rejected piece. */
async function outcomeOf (decode: (body: Buffer) => Iterable<Step>, body: Buffer): Promise<{ records: number, rejected: number }> {
  try {
    const { records, rejected } = await collect(bounded(decode(body)))
    for (const record of records) JSON.stringify(record)
    for (const { raw, reason } of rejected) if (typeof raw !== 'string' || reason === '') throw new Error('a rejected piece says nothing')
    return { records: records.length, rejected: rejected.length }
  } catch (error) {
    if (error instanceof BadRequest || error instanceof TooLarge) return { records: 0, rejected: 1 }
    throw error
  }
}
