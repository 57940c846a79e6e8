import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Knex } from 'knex'
import t, { type Test } from 'tap'
import { Horizons } from '../../../src/cluster/horizons.ts'
import type { Instance } from '../../../src/cluster/instances.ts'
import { viewAsOf } from '../../../src/search/view.ts'
import { databases } from '../../helpers/databases.ts'
import { startEmbedded } from '../../helpers/embedded.ts'
import { EventReader } from '../../helpers/events.ts'
import { http } from '../../helpers/http.ts'
import { pick, seeded, whole } from '../../helpers/random.ts'
import { basic, createUser, log, send, type TestService } from '../../helpers/service.ts'
import { until } from '../../helpers/until.ts'

type Parameters = Record<string, string | number | undefined>

/** Asks as alice; resolves to the status and the parsed answer. */
async function ask ({ port }: { port: number }, path: string, parameters: Parameters = {}): Promise<{ status: number, body: any }> {
  const { status, body } = await http(port, 'GET', `${path}?${searchOf(parameters)}`, basic('alice'))
  return { status, body: JSON.parse(body) }
}

function searchOf (parameters: Parameters): URLSearchParams {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) search.set(name, String(value))
  return search
}

/** All logs of a list, page by page: the first page and the logs of all. */
async function readAll (service: TestService, parameters: Parameters): Promise<{ first: any, logs: any[] }> {
  const { body: first } = await ask(service, '/api/logs', parameters)
  const logs = [...first.logs]
  for (let { cursor } = first; cursor !== undefined;) {
    const { body } = await ask(service, '/api/logs', { ...parameters, cursor })
    logs.push(...body.logs)
    cursor = body.cursor
  }
  return { first, logs }
}

const idsOf = (logs: Array<{ id: string }>) => logs.map(({ id }) => id)
const hourMs = 3_600_000

/** Starts clients that send random logs, some late, some of times to come, until they are stopped. */
function startWriting (t: Test, services: readonly TestService[], token: string, seed: number): { sent: (more: number) => Promise<unknown>, stop: () => Promise<number> } {
  const stopped = new AbortController()
  let sent = 0
  const clients = [0, 1].map(async (client) => {
    const random = seeded(seed + client)
    while (!stopped.signal.aborted) {
      const logs = Array.from({ length: 1 + whole(random, 5) }, () => log({
        msg: `${pick(random, ['payment', 'order'])} ${sent++}`,
        level: pick(random, ['debug', 'info', 'error']),
        event_at: new Date(Date.now() + (whole(random, 240) - 180) * 60_000).toISOString(),
        shard: String(client)
      }))
      const { status } = await send(pick(random, services), 'alice', token, logs)
      if (status !== 200) throw new Error(`send answered ${status}`)
    }
  })
  t.teardown(() => stopped.abort())
  return {
    sent (more) {
      const enough = sent + more
      return until(`${more} more logs are sent`, () => sent >= enough)
    },
    async stop () {
      stopped.abort()
      await Promise.all(clients)
      return sent
    }
  }
}

for (const database of databases) {
  t.test(`a view on ${database.name}`, async (t) => {
    const service = await startEmbedded(t, await database.createMigrated(t), { bodyLimit: 16 * 1024 * 1024 })
    const token = await createUser(service, 'alice')
    const say = async (...logs: Array<Record<string, unknown>>) => t.equal((await send(service, 'alice', token, logs.map(log))).status, 200)

    await t.test('stays as it was, while logs arrive', async (t) => {
      await say(...Array.from({ length: 5 }, (_, n) => ({ msg: `early ${n}` })))
      const { body: first } = await ask(service, '/api/logs', { query: 'early', limit: 2, from: '2020-01-01' })
      t.equal(first.from, '2020-01-01T00:00:00.000000Z')
      t.equal(first.to, null)
      t.match(first.asOf, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}000Z$/)
      for (const { arrived } of first.logs) t.ok(arrived < first.asOf && Math.abs(Date.parse(arrived) - Date.now()) < hourMs)
      await say(...Array.from({ length: 5 }, (_, n) => ({ msg: `early late ${n}`, event_at: '2020-05-04T00:00:00Z' })))

      const rest = await ask(service, '/api/logs', { query: 'early', cursor: first.cursor })
      t.equal(rest.body.logs.length, 3)
      t.strictSame([rest.body.from, rest.body.to, rest.body.asOf], [first.from, first.to, first.asOf])
      const { asOf } = first
      t.equal((await ask(service, '/api/logs', { query: 'early', asOf })).body.logs.length, 5)
      t.equal((await ask(service, '/api/logs', { query: 'early' })).body.logs.length, 10)
      t.equal((await ask(service, '/api/logs', { query: 'early', asOf, from: '-7d' })).body.from, new Date(Date.parse(asOf) - 7 * 24 * hourMs).toISOString().replace('Z', '000Z'))
    })

    await t.test('a cursor goes on with its list, and with no other', async (t) => {
      const list = { query: 'early', from: '-3000d', to: '-1h', limit: 3 }
      const { body: { cursor, from, to, asOf, logs } } = await ask(service, '/api/logs', list)
      for (const times of [{}, { from: list.from, to: list.to }, { from, to }, { asOf, from, to }]) {
        const { status, body } = await ask(service, '/api/logs', { query: 'early', limit: 3, ...times, cursor })
        t.equal(status, 200)
        t.equal(body.logs.length, 3)
        t.strictSame(body.logs.filter(({ id }: { id: string }) => idsOf(logs).includes(id)), [])
        t.notOk('place' in body)
      }
      const others: Parameters[] = [{ query: 'late' }, { order: 'oldest' }, { from: '-1d' }, { to: 'now' }, { asOf: '2020-01-01T00:00:00Z' }]
      for (const other of others) {
        const { status, body } = await ask(service, '/api/logs', { ...list, ...other, cursor })
        t.match([status, body.error], [400, { rule: 'cursor.other', field: 'cursor' }], JSON.stringify(other))
      }
      const { status, body } = await ask(service, '/api/logs', { ...list, cursor: `${cursor}A` })
      t.match([status, body.error], [400, { rule: 'cursor.invalid', field: 'cursor' }])
    })

    const refused: Array<[string, Parameters, object]> = [
      ['/api/logs', { asOf: new Date(Date.now() + hourMs).toISOString() }, { rule: 'time.future', field: 'asOf' }],
      ['/api/logs', { asOf: '-1h' }, { rule: 'time.invalid', field: 'asOf' }],
      ['/api/logs', { cut: 0 }, { rule: 'parameter.minimum', field: 'cut' }],
      ['/api/logs', { cut: 65_537 }, { rule: 'parameter.maximum', field: 'cut' }],
      ['/api/logs/tail', { cut: 65_537 }, { rule: 'parameter.maximum', field: 'cut' }],
      ['/api/logs/tail', { after: 'nowhere' }, { rule: 'cursor.invalid', field: 'after' }]
    ]
    await t.test('says which parameter breaks which rule', async (t) => {
      for (const [path, parameters, error] of refused) {
        const answer = await ask(service, path, parameters)
        t.match([answer.status, answer.body.error], [400, error], JSON.stringify(parameters))
      }
    })

    await t.test('a cursor is of no use to another user', async (t) => {
      await createUser(service, 'bob')
      const { body: { cursor } } = await ask(service, '/api/logs', { limit: 1 })
      const { status, body } = await http(service.port, 'GET', `/api/logs?cursor=${cursor}`, basic('bob'))
      t.match([status, JSON.parse(body).error], [400, { rule: 'cursor.other' }])
    })

    await t.test('cuts long texts where it is asked to', async (t) => {
      const texts = ['short', 'x'.repeat(100), `${'ы😀'.repeat(50)}`, `nul \0${'ы'.repeat(100)}`]
      await say(...texts.map((msg, n) => ({ msg, kind: 'cuts', n: String(n), inner: { deep: [msg] } })))
      await say({ msg: 'large', kind: 'cuts', n: '4', ...Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`a${n}`, 'y'.repeat(500)])) })
      const read = async (parameters: Parameters) => (await ask(service, '/api/logs', { order: 'oldest', ...parameters })).body.logs
      const whole = await read({ query: 'kind:cuts' })
      t.equal(whole.length, 5)
      t.notOk(whole.some((log: object) => 'cut' in log))
      // The database evaluates the first query alone; the second one is tested here.
      for (const query of ['kind:cuts', 'kind:cuts (short OR NOT /short.+x{200}/)']) {
        const logs = await read({ query, cut: 7 })
        t.strictSame(logs.map(({ message }: { message: string }) => message), ['short', 'xxxxxxx', 'ы😀ы😀ы😀ы', 'nul \0ыы', 'large'])
        t.strictSame(logs.map(({ cut }: { cut?: object }) => cut), [undefined, ...[100, 300, 205].map((message) => ({ message, attributes: true })), { attributes: true }])
        t.strictSame(logs.map(({ attributes }: any) => attributes && attributes.inner.deep[0]), ['short', 'xxxxxxx', 'ы😀ы😀ы😀ы', 'nul \0ыы', null])
      }
      const { body: one } = await ask(service, `/api/logs/${whole[1].id}`)
      t.equal(one.message, texts[1])
    })

    await t.test('counts and lists the same logs, while others are stored', async (t) => {
      const seed = Date.now() % 2 ** 31
      t.comment(`seed ${seed}`)
      const random = seeded(seed)
      const writing = startWriting(t, [service], token, seed)
      for (let round = 0; round < 10; round++) {
        const scope: Parameters = {
          query: pick(random, ['', 'payment', 'level:error', 'level:>=info order', 'shard:1', 'NOT payment', 'pay*']),
          from: pick(random, ['-1h', '-3h', '-150m', '2020-01-01']),
          to: pick(random, ['now', '-10m', new Date(Date.now() + 2 * hourMs).toISOString()])
        }
        const view = { ...scope, asOf: undefined as string | undefined }
        const order = pick(random, ['newest', 'oldest'])
        // Any of them may be the first: the others take its asOf.
        const list = async () => {
          const { first, logs } = await readAll(service, { ...view, order, limit: 100 + whole(random, 300) })
          t.equal(new Set(idsOf(logs)).size, logs.length, 'each once')
          return { body: first, count: logs.length }
        }
        const histogram = async () => {
          const { body } = await ask(service, '/api/logs/histogram', { ...view, interval: scope.from === '2020-01-01' ? '30d' : pick(random, ['1h', '7m']) })
          return { body, count: body.buckets.reduce((sum: number, { count }: { count: number }) => sum + count, 0) }
        }
        const values = async () => {
          const { body } = await ask(service, '/api/logs/values', { ...view, field: 'level' })
          return { body, count: body.values.reduce((sum: number, { count }: { count: number }) => sum + count, 0) }
        }
        const total = async () => {
          const { body } = await ask(service, '/api/logs/count', view)
          return { body, count: body.count }
        }
        await service.app.hourCounts.runNow()
        const counts: number[] = []
        for (const read of [list, histogram, values, total].sort(() => random() - 0.5)) {
          const { body, count } = await read()
          t.equal(body.complete, true)
          view.asOf ??= body.asOf
          t.equal(body.asOf, view.asOf)
          counts.push(count)
        }
        t.equal(new Set(counts).size, 1, `${JSON.stringify(view)} ${order}: ${counts.join()}`)
      }
      await writing.stop()
    })

    await t.test('a list, and a tail from its place, have every log once', async (t) => {
      const services = [service]
      if (database.name !== 'SQLite') services.push(await startEmbedded(t, service.options))
      const before = (await readAll(service, { limit: 1000 })).logs.length
      const writing = startWriting(t, services, token, 1)
      for (let round = 0; round < 3; round++) {
        const [reading, following] = [services[round % services.length]!, services.at(-1)!]
        const { first, logs } = await readAll(reading, { limit: 300 })
        const tail = await follow(t, following, { after: first.place, cut: 5 })
        await writing.sent(30)
        const later = await readAll(following, { limit: 1000 })
        await tail.until('the tail has the logs of the later list', () => {
          const all = new Set([...idsOf(logs), ...tail.logs().map(({ id }) => id)])
          return idsOf(later.logs).every((id) => all.has(id))
        })
        const all = [...idsOf(logs), ...tail.logs().map(({ id }) => id)]
        t.equal(new Set(all).size, all.length, 'none twice')
        t.ok(tail.logs().every(({ message, cut }) => message.length === 5 && cut.message > 5))
        tail.close()
      }
      const sent = await writing.stop()
      t.equal((await readAll(service, { limit: 1000 })).logs.length, before + sent)
    })
  })
}

const horizonsAt = (time: string) => new Horizons(undefined as unknown as Knex, { horizon: async () => ({ time, alone: true }) } as Instance)

t.test('what arrives later stays hidden however long an answer takes, but for ids of a wrong clock', async (t) => {
  let now = Date.UTC(2026, 0, 1)
  const asOf = '2026-01-01 00:00:00.000000'
  const { view } = await viewAsOf({ knex: undefined as unknown as Knex, horizons: horizonsAt(asOf), now: () => now }, asOf)
  const isHidden = (ms: number) => {
    const { first, end } = view.hidden()
    return BigInt(ms) << 16n >= first && BigInt(ms) << 16n < end
  }
  for (const elapsedMs of [0, hourMs]) {
    now = Date.UTC(2026, 0, 1) + elapsedMs
    t.strictSame([-1, 0, elapsedMs, elapsedMs + 60_000].map((ms) => isHidden(Date.UTC(2026, 0, 1) + ms)), [false, true, true, false])
  }
})

t.test('a horizon that stands still is awaited once', async (t) => {
  const horizons = horizonsAt('2026-01-01 00:00:00.000000')
  const passed = () => horizons.passed('2026-01-02 00:00:00.000000', 100)
  t.equal(await passed(), '2026-01-01 00:00:00.000000')
  t.equal(await Promise.race([passed(), nextTurn('waits')]), '2026-01-01 00:00:00.000000')
})

/** Follows a tail. One that could not keep up says so by an event, and another one goes on from there. */
async function follow (t: Test, { port }: { port: number }, { after, ...parameters }: Parameters) {
  const open = async (after: string | number | undefined): Promise<EventReader> => {
    const outgoing = request({ port, path: `/api/logs/tail?${searchOf({ ...parameters, after })}`, headers: basic('alice') }).end()
    const [incoming] = await once(outgoing, 'response') as [IncomingMessage]
    t.equal(incoming.statusCode, 200)
    const reader = new EventReader(incoming)
    t.teardown(() => reader.close())
    return reader
  }
  const received: any[] = []
  let reader = await open(after)
  return {
    logs: () => received,
    close: () => reader.close(),
    until: (what: string, condition: () => boolean) => until(what, async () => {
      for (const { event, data } of reader.events.splice(0)) {
        if (event === 'log') received.push(JSON.parse(data!))
        if (event !== 'missed') continue
        reader.close()
        reader = await open(JSON.parse(data!).after)
        break
      }
      return condition()
    }, { progress: () => received.length })
  }
}
