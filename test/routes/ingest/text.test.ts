// Lines of text at /api/logs: the message is the line; what it tells of its time, level, process and pid is recognized.
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { LineCutter } from '../../../src/decode/line-cutter.ts'
import { decodeTextLine } from '../../../src/decode/text-line.ts'
import { databases } from '../../helpers/databases.ts'
import { growsLinearly } from '../../helpers/growth.ts'
import { http } from '../../helpers/http.ts'
import { arrived, basic, count, createUser, startService } from '../../helpers/service.ts'

// Of lines of syslog without a zone.
process.env.TZ = 'UTC'

const at = '2026-11-20 09:15:00.000000'
const fine = '2026-11-20 09:15:00.123000'
const utc = '2026-11-20 08:15:00.000000'
const yearless = /^\d{4}-11-20 09:15:00\.000000$/

/** Lines as real programs write them, and what is recognized; without a time: the arrival. */
const lines: Record<string, Record<string, unknown>> = {
  '10.0.0.1 - - [20/Nov/2026:09:15:00 +0100] "GET /ERROR HTTP/1.1" 200 612 "-" "curl/8"': { at: utc, level: 'info' },
  '2026/11/20 09:15:00 [error] 31#32: *1 open() "/x" failed (2: No such file or directory), client: 10.0.0.1': { at, level: 'error', pid: 31 },
  '[Fri Nov 20 09:15:00.123456 2026] [core:error] [pid 4711:tid 139] [client 10.0.0.1:5] AH00126: Invalid URI': { at: '2026-11-20 09:15:00.123456', level: 'error', pid: 4711 },
  '[Fri Nov 20 09:15:00 2026] [notice] workerEnv.init() ok /etc/httpd/conf/workers2.properties': { at, level: 'info' },
  '2026-11-20 09:15:00,123 [main] ERROR com.shop.Order - failed': { at: fine, level: 'error' },
  '2026-11-20 09:15:00,123 WARN  [QuorumPeer[myid=1]/0:0:0:0:0:0:0:2181:FastLeaderElection@774] - Notification time out': { at: fine, level: 'warning' },
  '2026-11-20 09:15:00.123  INFO 4711 --- [main] com.shop.App : started': { at: fine, level: 'info', pid: 4711 },
  '2026-11-20 09:15:00,123 - root - WARNING - disk is full': { at: fine, level: 'warning' },
  'ERROR:__main__:disk is full': { level: 'error' },
  'Nov 20 09:15:00 combo sshd(pam_unix)[19939]: authentication failure; logname= uid=0': { at: yearless, process: 'sshd(pam_unix)', pid: 19939, description: 'combo', attributes: { host: 'combo' } },
  'Nov 20 09:15:00 web1 kernel: error: out of memory': { at: yearless, level: 'error', process: 'kernel', description: 'web1' },
  '2026-11-20T09:15:00+0100 web1 shop[7]: started': { at: utc, process: 'shop', pid: 7, description: 'web1' },
  '<165>1 2026-11-20T09:15:00Z web1 shop 4711 ID47 - started': { at, level: 'info', process: 'shop', pid: 4711, description: 'web1', attributes: { facility: 'local4', msgid: 'ID47' } },
  '<131>Nov 20 09:15:00 web1 shop[4711]: failed': { at: yearless, level: 'error', process: 'shop', pid: 4711, description: 'web1' },
  '2026-11-20T09:15:00.123456789Z stdout F ERROR no route': { at: '2026-11-20 09:15:00.123456', level: 'error' },
  '2026-11-20T09:15:00.123456789Z request failed: no route': { at: '2026-11-20 09:15:00.123456', level: 'info' },
  '2026/11/20 09:15:00 main.go:23: listening': { at },
  'time="2026-11-20T09:15:00+01:00" level=warning msg="no ERROR"': { at: utc, level: 'warning' },
  'ts=2026-11-20T09:15:00Z caller=main.go:1 level=error msg=x': { at, level: 'error' },
  'E1120 09:15:00.123456       7 main.go:12] failed': { level: 'error' },
  'panic: runtime error: index out of range [5] with length 3': { level: 'critical' },
  'E, [2026-11-20T09:15:00.123456 #1234] ERROR -- : no route': { at: '2026-11-20 09:15:00.123456', level: 'error', pid: 1234 },
  '[2026-11-20 09:15:00] production.ERROR: no route {"exception":"x"}': { at, level: 'error' },
  '[20-Nov-2026 09:15:00 UTC] PHP Fatal error:  Uncaught Error': { at, level: 'critical' },
  '2026-11-20 09:15:00.123 UTC [1234] ERROR:  relation "x" does not exist': { at: fine, level: 'error', pid: 1234 },
  '2026-11-20 10:15:00.123 CET [1234] me@shop LOG:  connection received': { at: fine, level: 'info', pid: 1234 },
  '1:M 20 Nov 2026 09:15:00.123 # Server initialized': { at: fine, level: 'warning', pid: 1 },
  '2026-11-20T09:15:00.123000Z 8 [Warning] [MY-010068] [Server] CA certificate is self signed': { at: fine, level: 'warning' },
  '2026-11-20  9:15:00 0 [ERROR] InnoDB: Operating system error number 2': { at, level: 'error' },
  'Nov 20, 2026 9:15:00 AM com.shop.Order pay': { at },
  'SEVERE: failed': { level: 'error' },
  '\x1b[31mERROR\x1b[0m colours stay in the message': { level: 'error' },
  '1795166100.123    45 10.0.0.1 TCP_MISS/200 1': { at: fine },
  '\tat com.shop.Order.pay(Order.java:12)': { level: 'info' },
  '{ not: JSON }': {},
  '[1] [2] [3]': {}
}

for (const database of databases) {
  t.test(`Text at POST /api/logs on ${database.name}`, async (t) => {
    const service = await startService(t, database, { settings: { LOGGER_BODY_LIMIT: String(1024 * 1024) } })
    const { port, knex } = service
    await createUser(service, 'alice')
    const plain = { 'content-type': 'text/plain' }
    t.beforeEach(() => Promise.all(['user_logs', 'dead_letters'].map((table) => knex(table).delete())))
    const send = (body: string | Buffer, query = '', headers: Record<string, string> = plain) => {
      return http(port, 'POST', `/api/logs${query}`, { ...basic('alice'), ...headers }, body)
    }
    const logsOf = async (...request: Parameters<typeof send>) => {
      const answer = await send(...request)
      t.match(answer, { status: 200, body: /"rejected":0/ })
      return arrived(knex)
    }

    await t.test('is stored line by line, with what each line tells', async (t) => {
      const earliest = new Date().toISOString().replace('T', ' ').slice(0, 10)
      const body = Object.keys(lines).join('\n')
      const logs = new Map((await logsOf(body)).map((log) => [log.message, log]))
      t.equal(logs.size, Object.keys(lines).length)
      for (const [line, parts] of Object.entries(lines)) {
        t.match(logs.get(line), { level: 'info', process: '-', pid: 0, description: '', message: line, ...parts }, line)
        if (parts.at === undefined) t.ok(logs.get(line)!.at >= earliest, `${line} has the time of its arrival`)
      }
    })

    await t.test('skips blank lines, and keeps every other one whole', async (t) => {
      const long = 'x'.repeat(200_000)
      const logs = await logsOf(`one\r\n\r\n \t\n  two\n${long}\n\n\nlast`)
      t.strictSame(logs.map(({ message }) => message), ['one', '  two', long, 'last'])
      t.strictSame((await logsOf(Buffer.from('Größe', 'latin1'))).at(-1)!.message, 'Größe')
    })

    await t.test('gets from the parameters what its lines do not tell', async (t) => {
      const body = 'a\nERROR b\nNov 20 09:15:00 web1 sshd[7]: c\n{"msg":"d"}\n{"msg":"e","level":"debug","service":"web","pid":8}'
      t.match(await logsOf(body, '?process=app&level=warn&pid=3&description=test'), [
        { message: /^Nov/, level: 'warning', process: 'sshd', pid: 7, description: 'web1' },
        { message: 'a', level: 'warning', process: 'app', pid: 3, description: 'test' },
        { message: 'ERROR b', level: 'error', process: 'app', pid: 3 },
        { message: 'd', level: 'warning', process: 'app', pid: 3, description: 'test' },
        { message: 'e', level: 'debug', process: 'web', pid: 8, description: 'test' }
      ])
    })

    const untyped: Record<string, Record<string, string>> = { 'without a content type': {}, 'as curl sends data': { 'content-type': 'application/x-www-form-urlencoded' } }
    for (const [what, headers] of Object.entries(untyped)) {
      await t.test(`is read ${what}, unless the body begins as JSON does`, async (t) => {
        t.match(await logsOf('a line\n{"msg":"b"}', '?process=app', headers), [{ message: 'a line', process: 'app' }, { message: 'b', process: 'app' }])
        await knex('user_logs').delete()
        t.match(await logsOf('{"msg":"b","app":"shop"}\na line', '?process=app&level=lvl', headers), [{ message: 'b', process: 'shop' }, { message: 'a line', process: '-' }])
        t.match(await send('a line', '?level=lvl', headers), { status: 400, body: /level must be debug/ })
      })
    }

    await t.test('among JSON is a log as well, and broken JSON is a dead letter still', async (t) => {
      const ndjson = { 'content-type': 'application/x-ndjson' }
      const logs = await logsOf('{"msg":"a"}\nWarning: old\n{\n  "msg": "b"\n}\n[{"msg":"c"},\n{"msg":"d"}]\n[ready] e\n', '', ndjson)
      t.match(logs, [{ message: 'a' }, { message: 'Warning: old', level: 'warning' }, { message: 'b' }, { message: 'c' }, { message: 'd' }, { message: '[ready] e' }])
      t.match(await send('{"msg":"a"}\n{"msg":"cut\nline', '', ndjson), { status: 200, body: /"accepted":2,"rejected":1,"errors":\[\{"index":1,/ })
      t.match(await send('[1,2]\n[{"msg":"a"},1]', '', ndjson), { body: /"accepted":2,"rejected":1/ })
    })

    await t.test('has no dead letters, even of broken JSON', async (t) => {
      const body = '{"msg":"cut\n{}\n{"a":1} and more\n}\n[\nend'
      t.strictSame((await logsOf(body)).map(({ message }) => message), ['{"msg":"cut', '{}', '{"a":1}', 'and more', '}', 'end'])
      t.match(await knex('dead_letters').count({ count: '*' }), [{ count: 0 }])
    })

    await t.test('is read packed, in other charsets, and a byte at a time', async (t) => {
      t.match(await logsOf(gzipSync('ERROR packed'), '', { ...plain, 'content-encoding': 'gzip' }), [{ message: 'ERROR packed', level: 'error' }])
      t.match(await logsOf(Buffer.from('Größe', 'utf16le'), '', { 'content-type': 'text/plain; charset=utf-16le' }), [{}, { message: 'Größe' }])
    })

    const refused: Record<string, [query: string, body: string | Buffer, error: RegExp]> = {
      'an unknown level': ['?level=loud', 'a', /"detail":"level must be debug, info, warning, error, critical, [^"]*","error":\{"rule":"parameter.choice","field":"level","expected":\["debug"/],
      'a pid that is not a number': ['?pid=-1', 'a', /"detail":"pid must be a whole number, 0 or more","error":\{"rule":"parameter.pattern","field":"pid"\}/],
      'an empty process': ['?process=', 'a', /process must/],
      'bytes that are not text': ['', Buffer.from('dd00000001de0001a36c6f67c3a464617461c3', 'hex'), /body must be JSON or lines of text/]
    }
    for (const [what, [query, body, error]] of Object.entries(refused)) {
      await t.test(`refuses ${what}, and stores nothing`, async (t) => {
        t.match(await send(body, query), { status: 400, body: error })
        t.equal(await count(knex), 0)
      })
    }
  })
}

const cut = (body: Buffer, chunkBytes = 64 * 1024) => {
  const cutter = new LineCutter(Infinity, 'logs')
  const pieces: string[] = []
  for (let at = 0; at < body.length; at += chunkBytes) pieces.push(...Array.from(cutter.push(body.subarray(at, at + chunkBytes)), String))
  return [...pieces, ...Array.from(cutter.end(), String)]
}

t.test('Text is cut the same a byte at a time', async (t) => {
  const body = Buffer.from(`${Object.keys(lines).join('\n')}\n\ufeff{"a":1}\n{\n"b":\n[1]}\n[\n{"c":1}\n]\n{"logs":[{"d":1},\n{"e":1}]}\n,{"f":1}\nÄ {\n{"g":1}\n{"h":"cut\n{"i":1}\ntext\n{"j":\n{"k":1}\n`)
  t.ok(cut(body).length > 40)
  t.strictSame(cut(body, 1), cut(body))
})

for (const [what, body] of Object.entries({ brackets: '[', 'opened objects': '{', blanks: ' ', lines: '[2026\n', words: 'ERROR [', times: '2026-11-20 ', 'blank lines': '\n' })) {
  t.test(`Text is cut and read in linear time: ${what}`, async (t) => {
    growsLinearly(t, what, {
      small: 20_000,
      input: (size) => Buffer.from(body.repeat(size)),
      work: (body) => { for (const piece of cut(body)) decodeTextLine(Buffer.from(piece), {}, at) }
    })
  })
}
