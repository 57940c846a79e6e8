import { once, setMaxListeners } from 'node:events'
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import t, { type Test } from 'tap'
import { databases } from '../helpers/databases.ts'
import { startEmbedded } from '../helpers/embedded.ts'
import { http } from '../helpers/http.ts'
import type { ReaderClass } from '../../src/search/readers.ts'
import { basic, count, createUser, log, send } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

for (const database of databases) {
  t.test(`fairness between readers on ${database.name}`, async (t) => {
    const service = await startEmbedded(t, await database.createMigrated(t))
    const { port, app, knex } = service
    const tokens = { al: await createUser(service, 'al'), bo: await createUser(service, 'bo') }
    for (const [name, token] of Object.entries(tokens)) t.equal((await send(service, name, token, [log({ msg: `of ${name}` })])).status, 200)
    const al = (await knex('users').where('username', 'al').first()).id as number

    /** Work of al's that holds every slot of these classes that al can have, until it is ended. */
    function occupy (t: Test, ...kinds: ReaderClass[]): () => Promise<void> {
      const ending = new AbortController()
      setMaxListeners(30, ending.signal)
      const ended = once(ending.signal, 'abort')
      const all = kinds.flatMap((kind) => Array.from({ length: 12 }, () => app.logReaders.inTurn(kind, al, ending.signal, () => ended).catch(() => {})))
      const end = async () => {
        ending.abort()
        await Promise.all(all)
      }
      t.teardown(end)
      return end
    }

    const open = (path: string, user: string): ClientRequest => request({ port, path, headers: basic(user), agent: false }).on('error', () => {})
    const statusOf = async (outgoing: ClientRequest): Promise<IncomingMessage> => (await once(outgoing.end(), 'response'))[0]

    await t.test('a page, a count, a context and an export of one user do not wait for the long searches of another', async (t) => {
      const end = occupy(t, 'list', 'count')
      const page = await http(port, 'GET', '/api/logs', basic('bo'))
      t.equal(page.status, 200)
      const { id } = JSON.parse(page.body).logs[0]
      for (const path of ['/api/logs/histogram', '/api/logs/values?field=level', `/api/logs/${id}`, `/api/logs/${id}/context`, '/api/logs/export']) {
        t.equal((await http(port, 'GET', path, basic('bo'))).status, 200, path)
      }
      await end()
    })

    await t.test('lists of a user do not wait for counts, of any number of users', async (t) => {
      const counting = Array.from({ length: 8 }, (_, n) => ({ reader: 1000 + n, ending: new AbortController() }))
      const all = counting.map(({ reader, ending: { signal } }) => (
        app.logReaders.inTurn('count', reader, signal, async () => { await once(signal, 'abort') }).catch(() => {})
      ))
      let counted = false
      const answer = http(port, 'GET', '/api/logs/values?field=level', basic('bo')).then((answer) => {
        counted = true
        return answer
      })
      for (const path of ['/api/logs', '/api/logs?query=of&limit=1']) t.equal((await http(port, 'GET', path, basic('bo'))).status, 200, path)
      t.notOk(counted, 'counts wait for counts')
      for (const { ending } of counting) ending.abort()
      await Promise.all(all)
      t.equal((await answer).status, 200)
    })

    for (const [kind, path, answered] of [['list', '/api/logs', 33], ['count', '/api/logs/values?field=level', 32]] as const) {
      await t.test(`answers 429 past a user's share of the class ${kind}, to that user alone, and a client that vanished makes room`, async (t) => {
        const end = occupy(t, kind)
        const waiting: ClientRequest[] = []
        const refused: IncomingMessage[] = []
        for (let n = 0; n < 60; n++) {
          const outgoing = open(path, 'al')
          outgoing.on('response', (response) => refused.push(response))
          waiting.push(outgoing.end())
        }
        await until('all past the share are refused', () => refused.length === 60 - answered)
        for (const { statusCode, headers } of refused) {
          t.equal(statusCode, 429)
          t.match(headers['retry-after'], /^\d+$/)
        }
        t.equal((await http(port, 'GET', path, basic('bo'))).status, 200)

        for (const outgoing of waiting) outgoing.destroy()
        let late: IncomingMessage | undefined
        await until('a vanished client has left its slot', async () => {
          const outgoing = open(path, 'al')
          const response = statusOf(outgoing).then((response) => { late = response })
          const answer = await Promise.race([response, new Promise((resolve) => setTimeout(resolve, 200, 'waits'))])
          if (answer === 'waits') return true
          outgoing.destroy()
          return undefined
        })
        await end()
        await until('it is answered in the end', () => late?.statusCode === 200)
      })
    }

    await t.test('tails of one user leave slots for those of others', async (t) => {
      const opened: IncomingMessage[] = []
      t.teardown(() => opened.forEach((incoming) => incoming.destroy()))
      for (let n = 0; n < 25; n++) opened.push(await statusOf(open('/api/logs/tail', 'al')))
      t.strictSame(opened.map(({ statusCode }) => statusCode), Array.from({ length: 25 }, (_, n) => n < 20 ? 200 : 429))
      t.match(opened.at(-1)!.headers['retry-after'], /^\d+$/)
      const other = await statusOf(open('/api/logs/tail', 'bo'))
      t.equal(other.statusCode, 200)
      opened.push(other)
      opened[0]!.destroy()
      await until('an ended tail has left its slot', async () => {
        const incoming = await statusOf(open('/api/logs/tail', 'al'))
        opened.push(incoming)
        return incoming.statusCode === 200
      })
    })

    await t.test('searches do not wait for deletions that the database holds up', async (t) => {
      const path = '/api/logs?query=nothing+OR+level:error'
      const confirmed: Array<[user: string, path: string]> = []
      for (const user of ['al', 'bo']) {
        const { confirm } = JSON.parse((await http(port, 'DELETE', path, basic(user))).body)
        confirmed.push([user, `${path}&confirm=${confirm}`], [user, `${path}&confirm=${confirm}`])
      }
      const deletions = await knex.transaction(async (transaction) => {
        await transaction('user_logs').select('id').forUpdate()
        const deletions = confirmed.map(([user, path]) => http(port, 'DELETE', path, basic(user)))
        for (const [user] of confirmed) t.equal((await http(port, 'GET', '/api/logs', basic(user))).status, 200)
        return { answers: Promise.all(deletions) }
      })
      const answers = await deletions.answers
      t.equal(answers.reduce((sum, { body }) => sum + JSON.parse(body).deleted, 0), 2)
      for (const [name, token] of Object.entries(tokens)) await send(service, name, token, [log({ msg: `of ${name}` })])
    })

    await t.test('a deletion gives way to searches, those of its own user included', async (t) => {
      for (let n = 0; n < 5; n++) await send(service, 'al', tokens.al, Array.from({ length: 1000 }, (_, index) => log({ msg: `gone ${n} ${index}` })))
      const path = '/api/logs?query=gone'
      const { confirm } = JSON.parse((await http(port, 'DELETE', path, basic('al'))).body)
      const deletions = Promise.all([1, 2].map(() => http(port, 'DELETE', `${path}&confirm=${confirm}`, basic('al'))))
      for (let n = 0; n < 5; n++) t.equal((await http(port, 'GET', '/api/logs?limit=1', basic('al'))).status, 200)
      const answers = await deletions
      t.equal(answers.reduce((sum, { body }) => sum + JSON.parse(body).deleted, 0), 5000)
      t.equal(await count(knex), 2)
    })
  })
}
