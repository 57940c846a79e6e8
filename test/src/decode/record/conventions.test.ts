// What people's loggers really send. To add a convention, add its line to fixtures/conventions.ts.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { containers, conventions as names, type Part } from '../../../../src/decode/record/conventions.ts'
import { decodeDatadog } from '../../../../src/decode/datadog.ts'
import { collect, type Step } from '../../../../src/decode/steps.ts'
import { decodeBulkPieces } from '../../../../src/decode/elasticsearch.ts'
import { decodeHec, decodeHecLines } from '../../../../src/decode/hec.ts'
import { decodeJsonLog, jsonReading } from '../../../../src/decode/json/logs.ts'
import { decodeLoki } from '../../../../src/decode/loki/index.ts'
import { decodeSyslog } from '../../../../src/decode/syslog/index.ts'
import type { LogRecord } from '../../../../src/model/record.ts'
import { conventions } from '../../../fixtures/conventions.ts'

const arrival = '2026-11-26 12:00:00.000000'

const text = (json: object) => JSON.stringify(json)
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value))
const sent = '2026-11-26 11:59:59.000000'

/** The ways in by which a logger's JSON comes: `time` is what the protocol itself says of it, and `index` what stands for a process. */
const ways: Record<string, { decode: (json: object) => Iterable<Step>, time?: string, index?: string, logger?: string }> = {
  'POST /api/logs': { decode: (json) => decodeJsonLog(bytes(json), 0, { reading: jsonReading, arrival }) },
  'an event of HEC': { decode: (event) => decodeHec(bytes({ event }), arrival) },
  'the text of an event of HEC': { decode: (json) => decodeHec(bytes({ event: text(json) }), arrival) },
  'a line of HEC': { decode: (json) => decodeHecLines(Buffer.from(text(json)), arrival) },
  'a message of Datadog': { decode: (json) => decodeDatadog(bytes([{ message: text(json) }]), arrival) },
  'a line of Loki': { decode: (json) => decodeLoki(bytes({ streams: [{ stream: {}, values: [[`${Date.parse('2026-11-26T11:59:59Z')}000000`, text(json)]] }] }), 'json', arrival), time: sent },
  'a document of Elasticsearch': { decode: (json) => decodeBulkPieces(Buffer.from(`{"create":{"_index":"logs"}}\n${text(json)}\n`), arrival), index: 'logs' },
  'a message of syslog': { decode: (json) => [decodeSyslog({ bytes: Buffer.from(`<14>1 - - - - - - ${text(json)}`), arrivedAt: Date.parse('2026-11-26T12:00:00Z'), address: 'h' }).record], logger: 'h' }
}

for (const [name, [json, expected]] of Object.entries(conventions)) {
  for (const [way, { decode, time, index, logger: host }] of Object.entries(ways)) {
    await t.test(`${name}, as ${way}`, async (t) => {
      const [record] = Array.from(decode(json)).filter((step) => step !== undefined) as LogRecord[]
      const { eventAt, severity, message, processName, description, pid } = record!
      const [at, level, said, process = '-', logger = '', id = 0] = expected
      t.strictSame(
        { at: eventAt, level: severity, text: message, process: processName, logger: description, pid: id && pid },
        {
          at: time ?? (at === '' ? arrival : `${at.padEnd(26, '.000000'.slice(at.length - 19))}`),
          level,
          text: said ?? text(json),
          process: process === '-' && index !== undefined ? index : process,
          logger: logger === '' && host !== undefined ? host : logger,
          pid: id
        })
    })
  }
}

await t.test('a name that is given twice keeps both values', async (t) => {
  const read = (json: string) => Array.from(decodeJsonLog(Buffer.from(json), 0, { reading: jsonReading, arrival })).filter((step) => step !== undefined) as LogRecord[]
  t.match(read('{"level":"WARN","message":"m","level":"vector=info","target":"app"}'), [{ severity: 'warning', attributes: { level_: 'vector=info' } }])
  t.match(read('{"msg":"first","msg":"second"}'), [{ message: 'first', attributes: { msg_: 'second' } }])
  t.match(read('{"msg":"m","a":1,"a":2,"a":[3],"b":[{"c":"\\"x\\":","c":null}]}'), [{ attributes: { a: 1, a_: [2, [3]], b: [{ c: '"x":', c_: null }] } }])
  t.match(read(`{"msg":"m","a":"${'x'.repeat(200_000)}","a":2}`), [{ attributes: { a: /^x+$/, a_: 2 } }], 'in a large log, too')
})

await t.test('what a log is about gives no part of it, but where the message is in it', async (t) => {
  const read = (log: object) => Array.from(decodeJsonLog(Buffer.from(JSON.stringify(log)), 0, { reading: jsonReading, arrival })).filter((step) => step !== undefined) as LogRecord[]
  for (const name of ['data', 'payload', 'json']) {
    const inner = { name: 'Alice', pid: 7, level: 3, date: '2020-01-01' }
    t.match(read({ msg: 'm', [name]: inner }), [{ eventAt: arrival, severity: 'info', message: 'm', processName: '-', pid: 0, attributes: { [name]: inner } }], name)
    t.match(read({ [name]: { ...inner, msg: 'm' } }), [{ eventAt: '2020-01-01 00:00:00.000000', severity: 'error', message: 'm', processName: 'Alice', pid: 7, attributes: null }], name)
  }
})

await t.test('logs of one microsecond are in the order of their nanoseconds', async (t) => {
  const values = [['1763630100000000900', 'third'], ['1763630100000000100', 'first'], ['1763630100000000500', 'second'], ['1763630100000001000', 'fourth']]
  const { records } = await collect(decodeLoki(Buffer.from(JSON.stringify({ streams: [{ stream: { app: 'o' }, values }] })), 'json', '2026-11-26 12:00:00.000000'))
  t.strictSame(records.map(({ message }) => message), ['first', 'second', 'third', 'fourth'])
})

await t.test('docs/protocols.md has the names, in the order in which they are read', async (t) => {
  const sections = new Map(readFileSync(new URL('../../../../docs/protocols.md', import.meta.url), 'utf8').split(/^#{2,3} /m).map((section) => [section.split('\n', 1)[0], section]))
  const namesIn = (text: string) => Array.from(text.matchAll(/`([^`]+)`/g), ([, name]) => name!.toLowerCase())
  const headings: Record<Part, string> = { message: 'Message', time: 'Time', level: 'Level', process: 'Process', pid: 'Pid', description: 'Logger' }
  for (const [part, heading] of Object.entries(headings) as Array<[Part, string]>) {
    const column = Array.from(sections.get(heading)!.matchAll(/^\| (`.*?) \|/gm), ([, cell]) => cell!)
    t.strictSame(namesIn(column.join()), names[part], heading)
  }
  t.strictSame(namesIn(sections.get('Nested fields')!).slice(0, containers.length), containers)
})
