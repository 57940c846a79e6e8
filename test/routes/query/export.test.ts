import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { Agent, request, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { databases } from '../../helpers/databases.ts'
import { http } from '../../helpers/http.ts'
import { apiKey, basic, count, createUser, log, send, startService } from '../../helpers/service.ts'

const nasty = 'line one\nline "two", \u001b[31mred\u001b[0m \u202Eltr'

/** The records of CSV as RFC 4180 has it. */
function readCsv (text: string): string[][] {
  return [...text.matchAll(/((?:(?:"(?:[^"]|"")*"|[^",\r\n]*),)*(?:"(?:[^"]|"")*"|[^",\r\n]*))\r\n/g)]
    .map(([, record]) => [...`,${record}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!))
}

for (const database of databases) {
  t.test(`exporting and deleting on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const { port } = service
    const token = await createUser(service, 'alice')
    const bob = await createUser(service, 'bob')
    await send(service, 'bob', bob, [log({ msg: 'of bob' })])
    const open = (path: string, headers = {}) => http(port, 'GET', `/api/logs/export?${path}`, { ...basic('alice'), ...headers })

    await t.test('every format gives the logs whole and safe', async (t) => {
      await send(service, 'alice', token, [log({ msg: nasty, event_at: '2026-01-01T00:00:01Z', a: 1 }), log({ msg: '=1+1', event_at: '2026-01-01T00:00:02Z' })])
      const ndjson = await open('query=')
      t.match(ndjson.headers, { 'content-type': 'application/x-ndjson; charset=utf-8', 'content-disposition': 'attachment; filename="logs.ndjson"' })
      t.match(ndjson.body.trimEnd().split('\n').map((line) => JSON.parse(line)), [{ user: 'alice', message: nasty, attributes: { a: 1 } }, { message: '=1+1' }])

      const csv = (await open('format=csv')).body
      t.match(csv, /^id,user,at,level,process,pid,description,message,posted,attributes\r\n\d+,alice,2026-01-01T00:00:01\.000000Z,error,process name,1,description,"line one\nline ""two"", /)
      t.match(csv, '"{""a"":1}"\r\n')
      t.match(csv, ',=1+1,')
      t.match((await open('format=csv&formulas=guard')).body, ",'=1+1,", 'no formula for a spreadsheet')
      t.equal((await open('format=csv&formulas=maybe')).status, 400)

      const text = (await open('format=text&order=newest')).body
      t.equal(text, '2026-01-01T00:00:02.000000Z error process name[1]: =1+1\n2026-01-01T00:00:01.000000Z error process name[1]: line one\n    line "two", \\x1b[31mred\\x1b[0m \\u202eltr\n')
      t.equal((await open('format=xml')).status, 400)
    })

    await t.test('any number of logs, gzipped where asked for, each once', async (t) => {
      for (let n = 0; n < 5; n++) await send(service, 'alice', token, Array.from({ length: 700 }, (_, index) => log({ msg: `row ${n * 700 + index}`, event_at: '2026-03-01T00:00:00Z' })))
      const incoming = await new Promise<IncomingMessage>((resolve) => request({ port, path: '/api/logs/export?format=text&query=row', headers: { ...basic('alice'), 'accept-encoding': 'gzip' } }, resolve).end())
      t.equal(incoming.headers['content-encoding'], 'gzip')
      const lines = gunzipSync(await buffer(incoming)).toString().trimEnd().split('\n').map((line) => line.replace(/.*row /, ''))
      t.strictSame(lines, Array.from({ length: 3500 }, (_, index) => String(index)))
    })

    await t.test('a reader that goes away ends the export, and others go on', async (t) => {
      const agent = new Agent()
      const incoming = await new Promise<IncomingMessage>((resolve) => request({ port, agent, path: '/api/logs/export', headers: basic('alice') }, resolve).end())
      await once(incoming, 'readable')
      incoming.destroy()
      t.equal((await open('query=row&format=text')).body.split('\n').length, 3501)
    })

    await t.test('deleting takes two calls, spares what came since, and is kept in the audit', async (t) => {
      const remove = (parameters: string, headers: Record<string, string> = basic('alice')) => http(port, 'DELETE', `/api/logs?${parameters}`, headers)
      const before = await count(service.knex)
      const first = JSON.parse((await remove('query=row&to=now')).body)
      t.match(first, { logs: 3500, complete: true, confirm: /^\w+-\w+$/ })
      t.equal(await count(service.knex), before, 'the first deletes nothing')
      await send(service, 'alice', token, [log({ msg: 'row that came since', event_at: '2026-03-01T00:00:00Z' })])

      for (const wrong of [`query=&confirm=${first.confirm}`, `query=row&to=now&confirm=${first.confirm}x`, 'query=row&to=now&confirm=abc']) {
        t.match(JSON.parse((await remove(wrong)).body), { code: 400, detail: /does not match/ })
      }
      t.equal((await remove(`query=row&to=now&confirm=${first.confirm}`, basic('bob'))).status, 400, 'the code is the caller\'s own')
      t.match(first.confirm, /^[0-9a-z]+-[0-9a-f]{64}$/)
      const [at] = first.confirm.split('-')
      const [alice] = await service.knex('users').where('username', 'alice').select('id')
      const computed = createHash('sha256').update(JSON.stringify([alice.id, 'row', undefined, 'now', undefined, Number.parseInt(at, 36)])).digest('hex')
      for (const guess of [computed, computed.slice(0, 16)]) t.equal((await remove(`query=row&to=now&confirm=${at}-${guess}`)).status, 400, 'nobody can compute it')

      const second = JSON.parse((await remove(`query=row&to=now&confirm=${first.confirm}`)).body)
      t.strictSame(second, { deleted: 3500, complete: true })
      t.equal(await count(service.knex), before - 3500 + 1)
      t.match(await service.knex('audit'), [{ caller: 'alice', action: 'delete', logs: 3500, detail: '{"query":"row","to":"now"}' }])
      t.strictSame(JSON.parse((await remove(`query=row&to=now&confirm=${first.confirm}`)).body), { deleted: 0, complete: true }, 'again it deletes no more')

      const all = JSON.parse((await remove('')).body)
      await remove(`confirm=${all.confirm}`)
      t.strictSame((await service.knex('user_logs').pluck('log_msg')), ['of bob'], 'nobody else\'s')
      const { token: reader } = JSON.parse((await http(port, 'POST', '/api/tokens', { ...basic('alice'), 'content-type': 'application/json' }, '{"name":"r","scopes":["read","write"]}')).body)
      t.equal((await remove('', { authorization: `Bearer ${reader}` })).status, 403, 'a token deletes nothing')
      for (const parameters of ['', 'user=bob', `confirm=${all.confirm}`]) t.equal((await remove(parameters, { 'x-api-key': apiKey })).status, 403, 'the API key deletes nothing')
    })

    await t.test('CSV read back says what was sent, and guards formulas where it is asked to', async (t) => {
      const carol = await createUser(service, 'carol')
      const texts = ['=1+1', '+1', '-1', '@x', '\ttab', '\rreturn', '\nline', "'", '"', '""', ',', 'a\r\nb', 'a\rb', ' blank ', '', '\u0000', '\u001b[31m', '\ufeff', '\u2028', 'é ж 数 😀', '\\n', ';', '#', 'NULL']
      await send(service, 'carol', carol, texts.map((msg, index) => log({ msg, p_description: msg, event_at: `2026-01-01T00:00:${String(index).padStart(2, '0')}Z`, note: msg })), { p_name: '-x' })
      const read = async (query: string) => readCsv((await http(port, 'GET', `/api/logs/export?format=csv&${query}`, basic('carol'))).body)
      const [head, ...rows] = await read('')
      t.strictSame(rows.map((row) => row[head!.indexOf('message')]), texts)
      t.strictSame(rows.map((row) => row[head!.indexOf('description')]), texts)
      t.strictSame(rows.map((row) => JSON.parse(row[head!.indexOf('attributes')]!)), texts.map((note) => ({ note })))
      t.ok(rows.every((row) => row.length === 10 && row[head!.indexOf('process')] === '-x'))
      const [, ...guarded] = await read('formulas=guard')
      t.strictSame(guarded.map((row) => row[head!.indexOf('message')]), texts.map((text, index) => index < 6 ? `'${text}` : text))
    })
  })
}
