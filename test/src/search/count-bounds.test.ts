import { createHash } from 'node:crypto'
import t from 'tap'
import { databases } from '../../helpers/databases.ts'
import { http } from '../../helpers/http.ts'
import { basic, createUser, log, send, startService } from '../../helpers/service.ts'

interface Values {
  values: Array<{ value: string, count: number }>
  complete: boolean
  cut?: { names: number, values: boolean }
}

for (const database of databases) {
  t.test(`counts by large values on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const token = await createUser(service, 'al')
    async function get<T> (path: string): Promise<T & { size: number }> {
      const { status, body } = await http(service.port, 'GET', path, basic('al'))
      if (status !== 200) throw new Error(`${path}: ${status} ${body}`)
      return { ...JSON.parse(body), size: Buffer.byteLength(body) }
    }
    const write = (logs: unknown[]) => send(service, 'al', token, logs)

    // Where a cut could go wrong: escapes of JSON, quotes, backslashes, halves of a character.
    const long: Record<string, string> = {
      letters: 'x'.repeat(3_000_000),
      escapes: '\u0001'.repeat(20_000),
      quotes: '"'.repeat(20_000),
      backslashes: '\\'.repeat(20_001),
      emojis: `a${'😀'.repeat(10_000)}`,
      mixed: '\\"\u0007é'.repeat(9000),
      exact: 'y'.repeat(1000),
      'one more': 'y'.repeat(1001)
    }
    const cut = (text: string) => text.length > 1000 ? `${text.slice(0, 1000).toWellFormed()}…` : text

    const short = ({ value, count }: Values['values'][number]) => `${count} ${value.length} ${value.slice(0, 3)} ${createHash('md5').update(value).digest('hex')}`

    await t.test('long ones are cut to 1,000 characters, and counted as cut', async (t) => {
      for (const value of Object.values(long)) t.equal((await write([log({ kind: value }), log({ kind: `${value}` })])).status, 200)
      const expected = Object.values(long).map((value) => ({ value: cut(value), count: 2 })).sort((one, other) => one.value < other.value ? -1 : 1)
      // The second is counted in the server where the database has no regular expressions of RE2.
      for (const query of ['', 'kind:/./']) {
        const { values, complete, cut } = await get<Values>(`/api/logs/values?field=kind&query=${encodeURIComponent(query)}`)
        t.strictSame(values.map(short), expected.map(short), query)
        t.equal(complete, true)
        t.strictSame(cut, { names: 7, values: false })
      }
      const { buckets, cut: cutNames, size } = await get<{ buckets: Array<{ by: Record<string, number> }>, cut: unknown }>('/api/logs/histogram?by=kind&interval=1h')
      t.strictSame(buckets.map(({ by }) => Object.entries(by).map(([value, count]) => short({ value, count })).sort()), [expected.map(short).sort()])
      t.strictSame(cutNames, { names: 7, values: false })
      t.ok(size < 100_000)
    })

    await t.test('an answer without cuts has no field cut', async (t) => {
      t.notOk('cut' in await get<Values>('/api/logs/values?field=level'))
    })

    await t.test('those that begin alike count together', async (t) => {
      await write([1, 2, 3].map((n) => log({ twin: `${'z'.repeat(8000)}${n}` })))
      t.match(await get<Values>('/api/logs/values?field=twin'), { values: [{ value: `${'z'.repeat(1000)}…`, count: 3 }], cut: { names: 1, values: false } })
    })

    await t.test('the rarer ones are left out past some megabytes', async (t) => {
      const name = (n: number) => `${n} ${'w'.repeat(990)}`
      for (let n = 0; n < 6000; n += 2000) await write(Array.from({ length: 2000 }, (_, index) => log({ many: name(n + index) })))
      await write(Array.from({ length: 5 }, () => log({ many: name(5999) })))
      for (const query of ['', 'many:/./']) {
        const found = await get<Values>(`/api/logs/values?field=many&limit=1000&query=${encodeURIComponent(query)}`)
        t.match(found.values[0], { value: name(5999), count: 6 })
        t.ok(found.size < 1_200_000)
      }
      const found = await get<Values>('/api/logs/histogram?by=many&interval=1h')
      t.match(found, { complete: false, cut: { names: 0, values: true } })
      t.ok(found.size < 16_000_000, `${found.size} bytes`)
    })
  })
}
