// Intervals of a histogram: weeks from Monday on, days and hours by the clock of a time zone.
import t from 'tap'
import { Buckets } from '../../../src/query/buckets.ts'
import { zoneOf } from '../../../src/query/zone.ts'
import { databases } from '../../helpers/databases.ts'
import { startEmbedded } from '../../helpers/embedded.ts'
import { http } from '../../helpers/http.ts'
import { basic, createUser, log, send } from '../../helpers/service.ts'

const hour = 3_600_000
const day = 24 * hour

t.test('the bucket of an instant is the one that began last, by any clock', async (t) => {
  const span = { from: '2026-01-01 00:00:00.000000', to: '2027-01-01 00:00:00.000000' }
  for (const name of ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Africa/Casablanca', 'America/Havana', '-03:30']) {
    const zone = zoneOf('zone', name)
    for (const interval of [15 * 60_000, hour, 6 * hour, day, 7 * day]) {
      const buckets = new Buckets(interval, span, zone)
      for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2027, 0, 1); at += 7 * hour + 13 * 60_000) {
        const bucket = buckets.of(at)
        if (buckets.startOf(bucket) > at || buckets.startOf(bucket + interval) <= at) t.fail(`${name}, ${interval}: ${new Date(at).toISOString()}`)
        if (interval >= day && new Date(buckets.startOf(bucket) + zone(buckets.startOf(bucket))).getUTCHours() > 1) t.fail(`${name}: no midnight at ${new Date(buckets.startOf(bucket)).toISOString()}`)
      }
    }
  }
  t.pass()
})

const times = [
  '2026-03-28T22:59:59Z', '2026-03-28T23:00:00Z', '2026-03-29T00:30:00Z', '2026-03-29T21:59:59Z', '2026-03-29T22:00:00Z',
  '2026-10-24T22:00:00Z', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-25T22:59:59Z', '2026-10-25T23:00:00Z',
  '2026-11-15T18:29:59Z', '2026-11-15T22:30:00Z', '2026-11-16T10:00:00Z', '2026-11-18T10:00:00Z', '2026-11-20T10:00:00Z', '1969-12-28T23:00:00Z', '1969-12-29T01:00:00Z'
]

const asked: Record<string, [parameters: Record<string, string>, counts: Record<string, number>]> = {
  'weeks from Monday on': [{ from: '2026-11-09', to: '2026-11-23', interval: '1w' }, { '2026-11-09T00': 2, '2026-11-16T00': 3 }],
  'weeks before 1970': [{ from: '1969-12-22', to: '1970-01-05', interval: '1w' }, { '1969-12-22T00': 1, '1969-12-29T00': 1 }],
  'pairs of weeks': [{ from: '2026-11-09', to: '2026-11-23', interval: '2w' }, { '2026-11-09T00': 5 }],
  'days of UTC': [{ from: '2026-11-15', to: '2026-11-17', interval: '1d' }, { '2026-11-15T00': 2, '2026-11-16T00': 1 }],
  'days of a zone': [{ from: '2026-11-15', to: '2026-11-17', interval: '1d', zone: 'Asia/Kolkata' }, { '2026-11-14T18:30': 1, '2026-11-15T18:30': 2 }],
  'days of an offset': [{ from: '2026-11-15', to: '2026-11-17', interval: '1d', zone: '+05:30' }, { '2026-11-14T18:30': 1, '2026-11-15T18:30': 2 }],
  'days of a zone between instants': [{ from: '2026-11-15T00:00:00Z', to: '2026-11-17T00:00:00Z', interval: '1d', zone: 'Asia/Kolkata' }, { '2026-11-14T18:30': 1, '2026-11-15T18:30': 2, '2026-11-16T18:30': 0 }],
  'weeks of a zone': [{ from: '2026-11-09', to: '2026-11-23', interval: '1w', zone: 'Asia/Kolkata' }, { '2026-11-08T18:30': 1, '2026-11-15T18:30': 4 }],
  'a day of 23 hours': [{ from: '2026-03-28', to: '2026-03-31', interval: '1d', zone: 'Europe/Berlin' }, { '2026-03-27T23': 1, '2026-03-28T23': 3, '2026-03-29T22': 1 }],
  'a day of 25 hours': [{ from: '2026-10-25', to: '2026-10-27', interval: '1d', zone: 'Europe/Berlin' }, { '2026-10-24T22': 4, '2026-10-25T23': 1 }],
  'hours of a day of 25': [{ from: '2026-10-25T00:00:00Z', to: '2026-10-25T03:00:00Z', interval: '1h', zone: 'Europe/Berlin' }, { '2026-10-25T00': 1, '2026-10-25T01': 1, '2026-10-25T02': 0 }],
  'half days of a day of 23 hours': [{ from: '2026-03-29', to: '2026-03-30', interval: '12h', zone: 'Europe/Berlin' }, { '2026-03-28T23': 2, '2026-03-29T10': 1 }],
  'hours of a zone of half an hour': [{ from: '2026-11-15T18:00:00Z', to: '2026-11-15T20:00:00Z', interval: '1h', zone: 'Asia/Kolkata' }, { '2026-11-15T17:30': 1, '2026-11-15T18:30': 0, '2026-11-15T19:30': 0 }],
  'a zone that left out a day': [{ from: '2011-12-29', to: '2012-01-01', interval: '1d', zone: 'Pacific/Apia' }, { '2011-12-29T10': 0, '2011-12-30T10': 0 }]
}

for (const database of databases) {
  t.test(`on ${database.name}`, async (t) => {
    const { app, port } = await startEmbedded(t, await database.createMigrated(t))
    const token = await createUser({ port }, 'alice')
    t.match(await send({ port }, 'alice', token, times.map((time) => log({ event_at: time }))), { status: 200 })
    const histogram = (parameters: Record<string, string>) => http(port, 'GET', `/api/logs/histogram?${new URLSearchParams(parameters)}`, basic('alice'))

    for (const [name, [parameters, expected]] of Object.entries(asked)) {
      await t.test(name, async (t) => {
        // Counted by the database, here, and, where there are, by the hour.
        for (const query of ['', 'pid:1', '/log/']) {
          const { body } = await histogram({ ...parameters, query })
          t.strictSame(JSON.parse(body).buckets?.map(({ at, count }: { at: string, count: number }) => [at.replace(/(:00)?:00\.000000Z/, ''), count]), Object.entries(expected), `"${query}": ${body.slice(0, 200)}`)
        }
      })
    }

    await t.test('counts by the hour give the same', async (t) => {
      await app.hourCounts.runNow()
      for (const [name, [parameters, expected]] of Object.entries(asked)) {
        const { body } = await histogram(parameters)
        t.strictSame(JSON.parse(body).buckets.map(({ count }: { count: number }) => count), Object.values(expected), name)
      }
    })

    await t.test('what is no time zone is refused', async (t) => {
      for (const zone of ['Mars/Base', '+25:00', '', '5', '+05:99', 'x'.repeat(65)]) t.match(await histogram({ zone }), { status: 400, body: /zone must/ }, zone)
    })
  })
}
