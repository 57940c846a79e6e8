import t from 'tap'
import type { PresentedLog } from '../../../src/query/api-log.ts'
import { databases } from '../../helpers/databases.ts'
import { http } from '../../helpers/http.ts'
import { basic, createUser, log, send, startService, type TestService } from '../../helpers/service.ts'

interface Page {
  logs: PresentedLog[]
  complete: boolean
  cursor?: string
}

/** GETs from the API as this user. */
async function get<T = Page> ({ port }: TestService, path: string, user = 'alice'): Promise<T> {
  const { status, body } = await http(port, 'GET', path, basic(user))
  if (status !== 200) throw new Error(`${path} answered ${status}: ${body}`)
  return JSON.parse(body)
}

async function messages (service: TestService, parameters: Record<string, string>, user?: string): Promise<string[]> {
  return (await get(service, `/api/logs?${new URLSearchParams(parameters)}`, user)).logs.map(({ message }) => message)
}

for (const database of databases) {
  t.test(`searching on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const tokens = { alice: await createUser(service, 'alice'), bob: await createUser(service, 'bob'), root: await createUser(service, 'root') }
    await service.knex('users').where('username', 'root').update({ admin: true })
    await send(service, 'bob', tokens.bob, [log({ msg: 'of bob', event_at: '2026-01-01T00:00:02Z' })])
    await send(service, 'alice', tokens.alice, [
      log({ msg: 'Payment failed for order 7', level: 'error', event_at: '2026-01-01T00:00:03Z', http: { status: 503 } }),
      log({ msg: 'payment done', level: 'info', event_at: '2026-01-01T00:00:01Z', http: { status: 200 } }),
      log({ msg: 'at the same time', level: 'debug', event_at: '2026-01-01T00:00:01Z' }),
      log({ msg: 'from the past', level: 'info', event_at: '1970-01-01T00:00:00Z' }),
      log({ msg: 'from the future', level: 'critical', event_at: '9999-12-31T23:59:59Z' })
    ])

    await t.test('gives the newest first, whole', async (t) => {
      const { logs, complete, cursor } = await get(service, '/api/logs')
      t.equal(complete, true)
      t.equal(cursor, undefined)
      t.strictSame(logs.map(({ message }) => message), ['from the future', 'Payment failed for order 7', 'at the same time', 'payment done', 'from the past'])
      t.match(logs[1], {
        id: /^\d+$/,
        user: 'alice',
        at: '2026-01-01T00:00:03.000000Z',
        level: 'error',
        process: 'process name',
        pid: 1,
        description: 'description',
        posted: '2020-05-05T12:22:23.000000Z',
        attributes: { http: { status: 503 } }
      })
    })

    await t.test('finds by query, time and order', async (t) => {
      t.strictSame(await messages(service, { query: 'payment' }), ['Payment failed for order 7', 'payment done'])
      t.strictSame(await messages(service, { query: 'payment', order: 'oldest' }), ['payment done', 'Payment failed for order 7'])
      t.strictSame(await messages(service, { query: 'http.status:>=500 level:error' }), ['Payment failed for order 7'])
      t.strictSame(await messages(service, { from: '2026-01-01T00:00:01Z', to: '2026-01-01T00:00:03Z' }), ['at the same time', 'payment done'])
      t.strictSame(await messages(service, { from: '-1h' }), ['from the future'])
      t.strictSame(await messages(service, { to: '1999-01-01' }), ['from the past'])
      t.strictSame(await messages(service, { query: 'nowhere' }), [])
    })

    await t.test('gives rare logs in the order of time, however far apart, and all logs of an instant', async (t) => {
      const days = [1, 2, 2, 2, 5, 9, 9, 20, 21]
      await send(service, 'bob', tokens.bob, days.map((day, index) => log({ msg: `rarity ${index}`, event_at: `2025-03-${String(day).padStart(2, '0')}T12:00:00Z` })))
      const all = days.map((_day, index) => `rarity ${index}`)
      t.strictSame(await messages(service, { query: 'rarity', order: 'oldest' }, 'bob'), all)
      t.strictSame(await messages(service, { query: 'rarity' }, 'bob'), all.toReversed())
      const { cursor } = await get(service, '/api/logs?query=rarity&limit=6', 'bob')
      t.strictSame(await messages(service, { query: 'rarity', cursor: cursor! }, 'bob'), all.slice(0, 3).reverse())
      await service.knex('user_logs').where('log_msg', 'like', 'rarity%').delete()
    })

    for (const order of ['newest', 'oldest']) {
      await t.test(`pages through all, the ${order} first, each once, while logs arrive`, async (t) => {
        const seen: string[] = []
        let cursor: string | undefined
        do {
          const page: Page = await get(service, `/api/logs?${new URLSearchParams({ limit: '1', order, query: 'NOT late', ...cursor && { cursor } })}`)
          seen.push(...page.logs.map(({ message }) => message))
          cursor = page.cursor
          await send(service, 'alice', tokens.alice, [log({ msg: 'late', event_at: '2026-01-01T00:00:02Z' })])
        } while (cursor !== undefined)
        const all = ['from the future', 'Payment failed for order 7', 'at the same time', 'payment done', 'from the past']
        t.strictSame(seen, order === 'newest' ? all : all.reverse())
      })
    }
    await service.knex('user_logs').where('log_msg', 'late').delete()

    await t.test('shows users only their own logs, administrators those of all users', async (t) => {
      t.strictSame(await messages(service, {}, 'bob'), ['of bob'])
      t.strictSame(await messages(service, { from: '2026-01-01', to: '2026-01-02' }, 'root'), ['Payment failed for order 7', 'of bob', 'at the same time', 'payment done'])
      t.strictSame(await messages(service, { user: 'bob' }, 'root'), ['of bob'])
      t.strictSame(await messages(service, { query: 'user:b*' }, 'root'), ['of bob'])
      const [first] = (await get(service, '/api/logs?query=bob', 'root')).logs
      t.equal(first!.user, 'bob')
      for (const path of ['/api/logs?user=bob', '/api/logs?user=alice', '/api/logs?query=user:bob', '/api/logs/values?field=user', '/api/logs/histogram?by=user']) {
        t.equal((await http(service.port, 'GET', path, basic('alice'))).status, 403, path)
      }
    })

    await t.test('gives one log, and its neighbours', async (t) => {
      await send(service, 'alice', tokens.alice, Array.from({ length: 9 }, (_, index) => log({ msg: `step ${index}`, event_at: `2026-02-01T00:00:0${index}Z` })), { p_name: 'Job', pid: 7 })
      await send(service, 'alice', tokens.alice, [log({ msg: 'another process', event_at: '2026-02-01T00:00:04Z' })], { p_name: 'Job', pid: 8 })
      const [{ id }] = (await get(service, '/api/logs?query=%22step+4%22')).logs as [PresentedLog]
      t.equal((await get<PresentedLog>(service, `/api/logs/${id}`)).message, 'step 4')
      const around = await get(service, `/api/logs/${id}/context?before=2&after=3`)
      t.strictSame(around.logs.map(({ message }) => message), ['step 2', 'step 3', 'step 4', 'step 5', 'step 6', 'step 7'])
      for (const path of [`/api/logs/${id}`, `/api/logs/${id}/context`]) {
        t.equal((await http(service.port, 'GET', path, basic('bob'))).status, 404, 'another user finds nothing')
        t.equal((await http(service.port, 'GET', path, basic('root'))).status, 200)
      }
      t.equal((await http(service.port, 'GET', '/api/logs/1', basic('alice'))).status, 404)
      await service.knex('user_logs').where('p_name', 'Job').delete()
    })

    await t.test('counts over time, empty intervals included', async (t) => {
      const { buckets, interval } = await get<any>(service, '/api/logs/histogram?from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:05Z&interval=1s&by=level')
      t.equal(interval, 1)
      t.strictSame(buckets, [
        { at: '2026-01-01T00:00:00.000000Z', count: 0, by: {} },
        { at: '2026-01-01T00:00:01.000000Z', count: 2, by: { debug: 1, info: 1 } },
        { at: '2026-01-01T00:00:02.000000Z', count: 0, by: {} },
        { at: '2026-01-01T00:00:03.000000Z', count: 1, by: { error: 1 } },
        { at: '2026-01-01T00:00:04.000000Z', count: 0, by: {} }
      ])
      const day = await get<any>(service, '/api/logs/histogram?from=2026-01-01&to=2026-01-02&query=payment')
      t.equal(day.interval, 1800)
      t.equal(day.buckets.length, 48)
      t.equal(day.buckets[0].count, 2)
      const all = await get<any>(service, '/api/logs/histogram')
      t.equal(all.buckets.reduce((sum: number, { count }: { count: number }) => sum + count, 0), 5, 'of all times')
    })

    await t.test('counts the values of a field', async (t) => {
      t.match(await get<any>(service, '/api/logs/values?field=level'), {
        values: [{ value: 'info', count: 2 }, { value: 'critical', count: 1 }, { value: 'debug', count: 1 }, { value: 'error', count: 1 }],
        complete: true,
        from: null,
        to: null,
        asOf: /Z$/
      })
      t.strictSame((await get<any>(service, '/api/logs/values?field=http.status&limit=1')).values, [{ value: '200', count: 1 }])
      t.strictSame((await get<any>(service, '/api/logs/values?field=process')).values, [{ value: 'process name', count: 5 }])
    })

    const refused: Record<string, RegExp> = {
      'query=(': /^query: at 2: expected a word/,
      'from=yesterday': /^from must be an ISO 8601 time/,
      'to=2026-13-01': /^to must be/,
      'limit=0': /^limit must be a whole number, 1 to 1000/,
      'limit=many': /^limit must be/,
      'order=random': /^order must be newest or oldest/,
      'cursor=abc': /^invalid cursor/,
      'page=2': /^page is not known here/
    }
    for (const [parameters, detail] of Object.entries(refused)) {
      await t.test(`refuses ${parameters}`, async (t) => {
        const answer = await http(service.port, 'GET', `/api/logs?${parameters}`, basic('alice'))
        t.equal(answer.status, 400)
        t.match(JSON.parse(answer.body), { code: 400, message: 'BadRequest', detail })
      })
    }
    await t.test('refuses too many buckets', async (t) => {
      const answer = await http(service.port, 'GET', '/api/logs/histogram?interval=1s', basic('alice'))
      t.equal(answer.status, 400)
      t.match(JSON.parse(answer.body).detail, /^interval must be longer/)
    })
  })
}
