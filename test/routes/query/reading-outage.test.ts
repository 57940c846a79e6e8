import t from 'tap'
import { serve } from '../../helpers/command.ts'
import { databases, environmentOf } from '../../helpers/databases.ts'
import { http } from '../../helpers/http.ts'
import { Proxy } from '../../helpers/proxy.ts'
import { apiKey, createUser, log, send } from '../../helpers/service.ts'
import { until } from '../../helpers/until.ts'

const paths = ['/api/logs', '/api/logs?query=word', '/api/logs/1', '/api/logs/1/context', '/api/logs/histogram', '/api/logs/histogram?interval=1h', '/api/logs/values?field=level', '/api/logs/export', '/api/logs/tail', '/api/logs?user=al']

for (const database of databases) {
  if (database.name === 'SQLite') continue
  t.test(`reading while ${database.name} is away`, async (t) => {
    const options = await database.createMigrated(t)
    if ('file' in options) throw new Error('this test is about a server')
    const proxy = await Proxy.start(t, options.port!)
    const { port, stdout, stderr } = await serve(t, [], { env: { LOGGER_API_KEY: apiKey, LOGGER_SEARCH_TIMEOUT: '1000', ...environmentOf({ ...options, host: proxy.host, port: proxy.port }) } })
    const token = await createUser({ port }, 'al')
    t.equal((await send({ port }, 'al', token, [log({ msg: 'word' })])).status, 200)
    const ask = (path: string) => http(port, 'GET', path, { 'x-api-key': apiKey })
    const linesAbout = (text: string) => stdout().split('\n').filter((line) => line.includes(text)).length
    const backAgain = () => until('it reads again', async () => (await ask('/api/logs')).status === 200)

    await t.test('every read is 503 with Retry-After, and the log has one line, without a stack', async (t) => {
      await proxy.setMode('refuse')
      for (const path of [...paths, ...paths]) {
        const { status, headers, body } = await ask(path)
        t.equal(status, 503, path)
        t.match(headers['retry-after'], /^\d+$/)
        t.match(JSON.parse(body), { code: 503, detail: 'the database is unavailable', error: { rule: 'database.unavailable' } })
      }
      await until('it is told', () => linesAbout('the database is unavailable') > 0)
      t.equal(linesAbout('the database is unavailable'), 1)
      t.equal(linesAbout('request failed') + linesAbout('request refused'), 0)
      await proxy.setMode('pass')
      await backAgain()
    })

    await t.test('the next outage has a line of its own', async (t) => {
      await proxy.setMode('refuse')
      t.equal((await ask('/api/logs')).status, 503)
      await until('it is told', () => linesAbout('the database is unavailable') > 1)
      t.equal(linesAbout('the database is unavailable'), 2)
      await proxy.setMode('pass')
      await backAgain()
    })

    await t.test('a database that hangs is away, too', async (t) => {
      await proxy.setMode('hang')
      for (const { status, body } of await Promise.all(['/api/logs', '/api/logs?query=word', '/api/logs/1'].map(ask))) {
        t.equal(status, 503, body)
      }
      await proxy.setMode('pass')
      await backAgain()
    })
    t.equal(stderr(), '')
  })
}
