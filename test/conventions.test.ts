// What people's loggers really send. To add a convention, add its line to fixtures/conventions.ts.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { containers, conventions as names, type Part } from '../src/decode/conventions.ts'
import { collect } from '../src/decode/decoded.ts'
import { decodeJsonLog, jsonReading } from '../src/decode/json-logs.ts'
import { decodeLoki } from '../src/decode/loki.ts'
import type { LogRecord } from '../src/record.ts'
import { conventions } from './fixtures/conventions.ts'

const arrival = '2026-11-26 12:00:00.000000'

for (const [name, [json, expected]] of Object.entries(conventions)) {
  t.test(name, async (t) => {
    const [record] = Array.from(decodeJsonLog(Buffer.from(JSON.stringify(json)), 0, jsonReading, arrival)).filter((step) => step !== undefined) as LogRecord[]
    const { eventAt, severity, message, processName, description, pid } = record!
    const [at, level, text, process = '-', logger = '', id = 0] = expected
    t.strictSame(
      { at: eventAt, level: severity, text: message, process: processName, logger: description, pid: id && pid },
      { at: at === '' ? arrival : `${at.padEnd(26, '.000000'.slice(at.length - 19))}`, level, text: text ?? JSON.stringify(json), process, logger, pid: id })
  })
}

t.test('a name that is given twice keeps both values', async (t) => {
  const read = (json: string) => Array.from(decodeJsonLog(Buffer.from(json), 0, jsonReading, arrival)).filter((step) => step !== undefined) as LogRecord[]
  t.match(read('{"level":"WARN","message":"m","level":"vector=info","target":"app"}'), [{ severity: 'warning', attributes: { level_: 'vector=info' } }])
  t.match(read('{"msg":"first","msg":"second"}'), [{ message: 'first', attributes: { msg_: 'second' } }])
  t.match(read('{"msg":"m","a":1,"a":2,"a":[3],"b":[{"c":"\\"x\\":","c":null}]}'), [{ attributes: { a: 1, a_: [2, [3]], b: [{ c: '"x":', c_: null }] } }])
  t.match(read(`{"msg":"m","a":"${'x'.repeat(200_000)}","a":2}`), [{ attributes: { a: /^x+$/, a_: 2 } }], 'in a large log, too')
})

t.test('what a log is about gives no part of it, but where the message is in it', async (t) => {
  const read = (log: object) => Array.from(decodeJsonLog(Buffer.from(JSON.stringify(log)), 0, jsonReading, arrival)).filter((step) => step !== undefined) as LogRecord[]
  for (const name of ['data', 'payload', 'json']) {
    const inner = { name: 'Alice', pid: 7, level: 3, date: '2020-01-01' }
    t.match(read({ msg: 'm', [name]: inner }), [{ eventAt: arrival, severity: 'info', message: 'm', processName: '-', pid: 0, attributes: { [name]: inner } }], name)
    t.match(read({ [name]: { ...inner, msg: 'm' } }), [{ eventAt: '2020-01-01 00:00:00.000000', severity: 'error', message: 'm', processName: 'Alice', pid: 7, attributes: null }], name)
  }
})

t.test('logs of one microsecond are in the order of their nanoseconds', async (t) => {
  const values = [['1763630100000000900', 'third'], ['1763630100000000100', 'first'], ['1763630100000000500', 'second'], ['1763630100000001000', 'fourth']]
  const { records } = await collect(decodeLoki(Buffer.from(JSON.stringify({ streams: [{ stream: { app: 'o' }, values }] })), 'json', '2026-11-26 12:00:00.000000'))
  t.strictSame(records.map(({ message }) => message), ['first', 'second', 'third', 'fourth'])
})

t.test('docs/protocols.md has the names, in the order in which they are read', async (t) => {
  const sections = new Map(readFileSync(new URL('../docs/protocols.md', import.meta.url), 'utf8').split(/^#{2,3} /m).map((section) => [section.split('\n', 1)[0], section]))
  const namesIn = (text: string) => Array.from(text.matchAll(/`([^`]+)`/g), ([, name]) => name!.toLowerCase())
  const headings: Record<Part, string> = { message: 'Message', time: 'Time', level: 'Level', process: 'Process', pid: 'Pid', description: 'Logger' }
  for (const [part, heading] of Object.entries(headings) as Array<[Part, string]>) {
    const column = Array.from(sections.get(heading)!.matchAll(/^\| (`.*?) \|/gm), ([, cell]) => cell!)
    t.strictSame(namesIn(column.join()), names[part], heading)
  }
  t.strictSame(namesIn(sections.get('One step down')!).slice(0, containers.length), containers)
})
