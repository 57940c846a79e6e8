// Counts, facets, names of attributes, values by a prefix and statistics, against the logs that were sent.
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { everything } from '../../../src/query/filter.ts'
import { Distributions } from '../../../src/search/distribution.ts'
import { countLogs } from '../../../src/search/counts.ts'
import { countFacets } from '../../../src/search/facets.ts'
import { ValueCounts } from '../../../src/text/value-counts.js'
import { databases } from '../../helpers/databases.ts'
import { startEmbedded } from '../../helpers/embedded.ts'
import { http } from '../../helpers/http.ts'
import { apiKey, basic, createUser, log, send } from '../../helpers/service.ts'

interface Sent {
  at: string
  level: string
  process: string
  pid: number
  description: string
  message: string
  attributes: Record<string, unknown>
}

const levels = ['debug', 'info', 'warning', 'error', 'critical']
const day = 86_400_000
const start = Date.UTC(2026, 2, 28)

/** 240 logs of four days, among them the 29th of March, on which Berlin's clocks change. */
const sent: Sent[] = Array.from({ length: 240 }, (_, n) => ({
  at: new Date(start + n * day / 60).toISOString(),
  level: levels[n % 5]!,
  process: ['billing', 'Biller', 'mail'][Math.floor(n / 20) % 3]!,
  pid: 100 + Math.floor(n / 20),
  description: n % 7 === 0 ? '' : `logger.${n % 3}`,
  message: n % 4 === 0 ? `payment ${n} failed` : `order ${n}`,
  attributes: {
    ...n % 3 > 0 && { http: { status: n % 6 === 1 ? 500 : 200, path: `/a/${n % 11}` } },
    ...n % 2 === 0 && { latency: n % 10 === 0 ? String(n / 4) : n / 4 },
    ...n === 5 && { latency: 'slow', tags: ['a', 'b'], user: 'a sender', nothing: null, 'x.y': true }
  }
}))

const queries: Record<string, (log: Sent) => boolean> = {
  '': () => true,
  'level:>=error': ({ level }) => ['error', 'critical'].includes(level),
  'process:billing payment': ({ process, message }) => process === 'billing' && message.startsWith('payment'),
  nothing: () => false,
  'http.status:>=500': ({ attributes }) => (attributes.http as any)?.status === 500,
  '/^order 1\\d+$/': ({ message }) => /^order 1\d+$/.test(message)
}

const valueOf: Record<string, (log: Sent) => unknown> = {
  level: ({ level }) => level,
  process: ({ process }) => process,
  pid: ({ pid }) => pid,
  description: ({ description }) => description,
  'http.status': ({ attributes }) => (attributes.http as any)?.status,
  latency: ({ attributes }) => attributes.latency,
  'x.y': ({ attributes }) => attributes['x.y'],
  tags: () => undefined
}

type Ranked = Array<{ value: string, count: number }>

function ranked (logs: readonly Sent[], field: string): Ranked {
  const counts = new Map<string, number>()
  for (const log of logs) {
    const value = valueOf[field]!(log)
    if (value !== undefined) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1)
  }
  return [...counts].map(([value, count]) => ({ value, count }))
    .sort((one, other) => other.count - one.count || (one.value < other.value ? -1 : 1))
}

const sum = (counts: ReadonlyArray<{ count: number }>) => counts.reduce((sum, { count }) => sum + count, 0)

/** The facet of a field that the logs should give. */
function facetOf (logs: readonly Sent[], field: string, top: number) {
  const all = ranked(logs, field)
  return { field, values: all.slice(0, top), rest: sum(all.slice(top)), missing: logs.length - sum(all), distinct: all.length }
}

function summaryOf (numbers: number[]) {
  if (numbers.length === 0) return { count: 0 }
  const sorted = numbers.toSorted((one, other) => one - other)
  const quantile = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]
  return {
    count: sorted.length,
    min: sorted[0],
    max: sorted.at(-1),
    avg: sorted.reduce((sum, number) => sum + number, 0) / sorted.length,
    p50: quantile(0.5),
    p95: quantile(0.95),
    p99: quantile(0.99)
  }
}

const refused: Record<string, RegExp> = {
  'count?top=1': /top is not known here/,
  facets: /field is missing/,
  'facets?field=': /field must/,
  'facets?field=message': /field must be a field other than message/,
  'facets?field=level&top=0': /top must be a whole number, 1 to 100/,
  'facets?field=level&top=101': /top must/,
  [`facets?${'field=pid&'.repeat(11)}`]: /field must/,
  'histogram?interval=1h&buckets=10': /buckets must not be beside interval/,
  'histogram?buckets=2001': /buckets must be a whole number, 1 to 2000/,
  'histogram?top=3': /by is missing, which top needs/,
  'histogram?tz=UTC': /tz is not known here/,
  stats: /field is missing/,
  'stats?field=level': /field must be pid or an attribute/,
  'stats?field=latency&zone=Mars': /zone must/,
  [`fields?prefix=${'x'.repeat(201)}`]: /prefix must/
}

for (const database of databases) {
  t.test(`counting on ${database.name}`, async (t) => {
    const { app, port } = await startEmbedded(t, await database.createMigrated(t))
    const token = await createUser({ port }, 'alice')
    const others = await createUser({ port }, 'bob')
    const write = async (logs: readonly Sent[]) => {
      for (let n = 0; n < logs.length; n += 20) {
        const part = logs.slice(n, n + 20).map(({ at, level, description, message, attributes }) => log({ ...attributes, event_at: at, level, msg: message, p_description: description }))
        t.equal((await send({ port }, 'alice', token, part, { p_name: logs[n]!.process, pid: logs[n]!.pid })).status, 200)
      }
    }
    await write(sent)
    await send({ port }, 'bob', others, [log({ level: 'info', secret: 'of bob' })], { p_name: 'biscuits' })
    const ask = (path: string, parameters: Array<[string, string]> = [], headers: Record<string, string> = basic('alice')) => (
      http(port, 'GET', `/api/logs/${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams(parameters)}`, headers)
    )
    const get = async (path: string, parameters: Record<string, string | string[]> = {}, headers?: Record<string, string>): Promise<any> => {
      const { status, body } = await ask(path, Object.entries(parameters).flatMap(([name, values]) => [values].flat().map((value): [string, string] => [name, value])), headers)
      if (status !== 200) throw new Error(`${path}: ${status} ${body}`)
      return JSON.parse(body)
    }

    await t.test('a count and facets are those of the logs sent, whatever the query and the fields', async (t) => {
      for (const [query, matches] of Object.entries(queries)) {
        const logs = sent.filter(matches)
        t.match(await get('count', { query }), { count: logs.length, complete: true, from: null, to: null, asOf: /^\d{4}-.*Z$/ }, query)
        for (const [top, ...fields] of [['3', 'level'], ['2', 'process', 'pid', 'level', 'description'], ['3', 'http.status', 'level', 'latency', 'x.y', 'tags']]) {
          const { facets, complete } = await get('facets', { query, top: top!, field: fields })
          t.strictSame(facets, fields.map((field) => facetOf(logs, field, Number(top))), `${query} ${fields}`)
          t.equal(complete, true)
        }
      }
      const { facets: [{ values }] } = await get('facets', { field: 'user' }, { 'x-api-key': apiKey })
      t.strictSame(values, [{ value: 'alice', count: 240 }, { value: 'bob', count: 1 }])
      t.equal((await ask('facets?field=user')).status, 403)
    })

    await t.test('between two times, too', async (t) => {
      const [from, to] = [sent[50]!.at, sent[171]!.at]
      const range = { from, to }
      t.match(await get('count', range), { count: 121, from: from.replace('Z', '000Z'), to: to.replace('Z', '000Z') })
      t.strictSame((await get('facets', { ...range, field: ['pid', 'process'] })).facets, ['pid', 'process'].map((field) => facetOf(sent.slice(50, 171), field, 10)))
    })

    await t.test('names of attributes come with types, numbers of logs and an example', async (t) => {
      const { fields, sampled, complete } = await get('fields')
      t.strictSame(fields, [
        { name: 'http.path', types: ['text'], count: 160, example: '/a/8' },
        { name: 'http.status', types: ['number'], count: 160, example: '200' },
        { name: 'latency', types: ['number', 'text'], count: 121, example: '59.5' },
        { name: 'attributes.user', types: ['text'], count: 1, example: 'a sender' },
        { name: 'tags', types: ['list'], count: 1, example: '["a","b"]' },
        { name: 'x.y', types: ['boolean'], count: 1, example: 'true' }
      ].sort((one, other) => other.count - one.count || (one.name < other.name ? -1 : 1)))
      t.match({ sampled, complete }, { sampled: 240, complete: true })
      t.strictSame((await get('fields', { prefix: 'HTTP.s' })).fields.map(({ name }: { name: string }) => name), ['http.status'])
      t.match(await get('fields', { query: 'level:critical', prefix: 'lat' }), { sampled: 48, fields: [{ name: 'latency', count: 24 }] })
      t.match(await get('fields', { query: 'attributes.user:*' }), { sampled: 1 })
    })

    await t.test('values begin with a prefix, in any case', async (t) => {
      const values = async (field: string, prefix: string) => (await get('values', { field, prefix })).values
      t.strictSame(await values('process', 'bILL'), ranked(sent, 'process').filter(({ value }) => value !== 'mail'))
      t.strictSame(await values('level', 'C'), [{ value: 'critical', count: 48 }])
      t.strictSame(await values('pid', '11'), [{ value: '110', count: 20 }, { value: '111', count: 20 }])
      t.strictSame(await values('http.status', '5'), [{ value: '500', count: 40 }])
      t.strictSame(await values('http.path', '/a/10'), [{ value: '/a/10', count: 14 }])
      for (const none of ['%', '*', 'il']) t.strictSame(await values('process', none), [], none)
    })

    await t.test('statistics are those of the numbers, and of texts that are numbers', async (t) => {
      const numbers = (logs: readonly Sent[]) => logs.map(({ attributes }) => Number(attributes.latency)).filter((number) => !Number.isNaN(number))
      for (const [query, matches] of Object.entries(queries)) {
        const logs = sent.filter(matches)
        const { interval, buckets, complete, from, to, asOf, ...stats } = await get('stats', { query, field: 'latency' })
        t.strictSame(stats, { ...summaryOf(numbers(logs)), missing: logs.length - numbers(logs).length, error: 0 }, query)
      }
      t.match(await get('stats', { field: 'pid' }), summaryOf(sent.map(({ pid }) => pid)))
      const days = await get('stats', { field: 'latency', interval: '1d', zone: 'Europe/Berlin', from: '2026-03-28', to: '2026-03-31' })
      const starts = ['2026-03-27T23', '2026-03-28T23', '2026-03-29T22', '2026-03-30T22'].map((hour) => `${hour}:00:00.000Z`)
      t.match(days, { interval: 86_400, error: 0 })
      t.strictSame(days.buckets, starts.slice(0, 3).map((at, index) => (
        { at: at.replace('Z', '000Z'), ...summaryOf(numbers(sent.filter((log) => log.at >= at && log.at < starts[index + 1]!))) }
      )))
    })

    await t.test('the most frequent values of a histogram, and the rest, add up', async (t) => {
      const whole = await get('histogram', { by: 'pid', interval: '1d' })
      const { buckets } = await get('histogram', { by: 'pid', interval: '1d', top: '2' })
      t.strictSame(buckets.map(({ at, count }: any) => ({ at, count })), whole.buckets.map(({ at, count }: any) => ({ at, count })))
      t.strictSame([...new Set(buckets.flatMap(({ by }: any) => Object.keys(by)))], ['100', '101'])
      for (const { count, by, rest } of buckets) t.equal(Object.values<number>(by).reduce((sum, count) => sum + count, rest), count)
      t.strictSame(buckets.map(({ rest }: any) => rest), [20, 60, 60, 60])
      const { buckets: [{ count, by, rest }] } = await get('histogram', { by: 'http.status', buckets: '1', top: '1' })
      t.strictSame([count, by, rest], [240, { 200: 120 }, 40], 'logs without a value are in neither')
    })

    await t.test('the number of intervals is bounded, and they are the shortest round ones', async (t) => {
      const cases: Array<[buckets: number, zone: string | undefined, seconds: number]> = [[120, undefined, 3600], [96, undefined, 3600], [95, undefined, 7200], [4, undefined, 86_400], [4, 'Europe/Berlin', 172_800], [2000, undefined, 300]]
      for (const [most, zone, seconds] of cases) {
        const { interval, buckets } = await get('histogram', { buckets: String(most), ...zone !== undefined && { zone } })
        t.equal(interval, seconds, `${most} ${zone}`)
        t.ok(buckets.length <= most)
        t.equal(sum(buckets), 240)
      }
      t.equal((await get('histogram', { buckets: '1', from: '1000-01-01', to: '9999-12-31' })).buckets.length, 2, 'two around 1970')
    })

    for (const [path, detail] of Object.entries(refused)) {
      await t.test(`refuses ${path.slice(0, 60)}`, async (t) => { t.match(await ask(path), { status: 400, body: detail }) })
    }

    await t.test('what asOf froze stays, while logs are stored, and counted by the hour', async (t) => {
      await app.hourCounts.runNow()
      const { asOf } = await get('count')
      const late = sent.slice(0, 40).map((log) => ({ ...log, message: 'late', level: 'critical' }))
      await write(late)
      const all = [...sent, ...late]
      for (const round of ['touched', 'counted']) {
        t.equal((await get('count', { asOf })).count, 240, round)
        t.equal((await get('count')).count, 280, round)
        for (const [fields, logs, at] of [[['level'], sent, { asOf }], [['level', 'process'], sent, { asOf }], [['level', 'http.status'], sent, { asOf }], [['level'], all, {}], [['pid', 'level'], all, {}]] as const) {
          t.strictSame((await get('facets', { field: [...fields], ...at })).facets, fields.map((field) => facetOf(logs, field, 10)), `${round} ${fields}`)
        }
        t.equal(sum((await get('histogram', { asOf, by: 'level' })).buckets), 240)
        t.equal((await get('stats', { asOf, field: 'pid' })).count, 240)
        t.equal((await get('fields', { asOf })).sampled, 240)
        await app.hourCounts.runNow()
      }
    })

    await t.test('a sample reaches back over the whole span; facets of many values are exact, and partial when the time is over', async (t) => {
      const old = Array.from({ length: 50 }, (_, n) => log({ event_at: new Date(start + n * day / 5).toISOString(), oldest: n }))
      t.equal((await send({ port }, 'bob', others, old)).status, 200)
      for (let n = 0; n < 6000; n += 2000) {
        const many = Array.from({ length: 2000 }, (_, index) => log({ event_at: '2026-05-05T12:00:00Z', p_description: `logger ${n + index}` }))
        t.equal((await send({ port }, 'bob', others, many)).status, 200)
      }
      t.match(await get('fields', {}, basic('bob')), { fields: [{ name: 'oldest', types: ['number'] }, { name: 'secret' }], complete: true })
      const { facets: [facet, process] } = await get('facets', { field: ['description', 'process'], top: '1' }, basic('bob'))
      t.match(facet, { values: [{ value: 'description', count: 51 }], distinct: 6001, rest: 6000, missing: 0 })
      t.match(process, { values: [{ value: 'process name', count: 6050 }], rest: 1 })

      const userId = (await app.logDb('users').where('username', 'bob').first()).id
      const budgetMs = 3000
      const reader = { knex: app.logDb, signal: new AbortController().signal }
      const scope = { userId, filter: everything }
      const policy = { pause: () => delay(budgetMs + 100) }
      const by = { path: ['oldest'] }
      const [partial, { counts: [counted], ...ended }] = await Promise.all([
        countFacets(reader, scope, { fields: [by], budgetMs }, policy), countLogs(reader, scope, { by, budgetMs }, policy)
      ])
      t.match(partial, { isComplete: false, reached: /^2026-05-05 1[12]:00:00/ })
      t.match(ended, { isComplete: false, reached: /^2026-05-05 1[12]:00:00/ })
      t.match(await countLogs(reader, scope, { by, budgetMs: 60_000 }, {}), { isComplete: true, reached: undefined })
      const { missing, values } = partial.counts[0]!.rank(1)
      // A window grows with the machine's speed: each of the two may reach back to another time.
      t.equal(counted?.value, null)
      for (const count of [missing, counted?.count ?? 0]) t.ok(count >= 5000 && count <= 6000, 'the newest logs are counted')
      t.strictSame(values, [])
    })

    await t.test('names that differ by spaces at the end are different values', async (t) => {
      for (const name of ['spaced', 'spaced ', 'spaced  ']) await send({ port }, 'bob', others, [log()], { p_name: name })
      const expected = ['spaced', 'spaced ', 'spaced  '].map((value) => ({ value, count: 1 }))
      t.strictSame((await get('values', { field: 'process', prefix: 'spaced' }, basic('bob'))).values, expected)
      for (const fields of [['process', 'level'], ['process', 'oldest']]) {
        const { facets } = await get('facets', { field: fields, query: 'process:spaced*' }, basic('bob'))
        t.strictSame(facets[0].values, expected, String(fields))
      }
    })
  })
}

t.test('values past the bounds count together, and their number is a least one', (t) => {
  const counts = new ValueCounts()
  for (let n = 0; n < 10_002; n++) counts.add(`value ${n}`)
  counts.add('value 7', 4)
  counts.add(null)
  t.match(counts.rank(1), { values: [{ value: 'value 7', count: 5 }], rest: 10_001, missing: 1, distinct: 10_000, isExact: false })
  const long = new ValueCounts()
  for (let n = 0; n < 2000; n++) long.add(`${n} ${'x'.repeat(2000)}`)
  t.ok(long.rank(1).distinct < 1000)
  t.equal(long.rank(1).values[0]!.value.length, 1001)
  t.end()
})

t.test('quantiles of many numbers are as exact as the answer says', (t) => {
  for (const limit of [{ numbers: 10_000, classes: 10_000 }, { numbers: 1000, classes: 10_000 }, { numbers: 1000, classes: 200 }]) {
    const distributions = new Distributions(limit)
    const numbers = Array.from({ length: 10_000 }, (_, n) => n % 100 === 0 ? 0 : ((n * 7919) % 10_007 - 500) * 10 ** (n % 5))
    for (const number of numbers) distributions.add(1, number)
    const [[key, summary]] = [...distributions.summaries()] as [[number, any]]
    const expected = summaryOf(numbers) as any
    t.equal(key, 1)
    t.equal(distributions.error === 0, limit.numbers === 10_000)
    for (const name of ['p50', 'p95', 'p99']) {
      t.ok(Math.abs(summary[name] - expected[name]) <= distributions.error * Math.abs(expected[name]) * 1.000001, `${name} ${distributions.error}`)
    }
    t.match(summary, { count: 10_000, min: expected.min, max: expected.max })
    t.ok(Math.abs(summary.avg / expected.avg - 1) < 1e-9)
  }
  const huge = new Distributions()
  for (const number of [1.7e308, 1.7e308, 1.7e308]) huge.add(0, number)
  t.match([...huge.summaries()], [[0, { avg: 1.7e308 }]])
  t.end()
})
