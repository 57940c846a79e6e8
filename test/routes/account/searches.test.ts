import t from 'tap'
import { databases } from '../../helpers/databases.ts'
import { http, type Answer } from '../../helpers/http.ts'
import { basic, createToken, createUser, startService } from '../../helpers/service.ts'

const json = { 'content-type': 'application/json' }

for (const database of databases) {
  t.test(`saved searches and settings on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const { port, knex } = service
    for (const name of ['alice', 'bob']) await createUser(service, name)
    const pathOf = (name: string) => `/api/searches/${encodeURIComponent(name)}`
    const put = (user: string, name: string, search: unknown, headers: Record<string, string> = {}) => http(port, 'PUT', pathOf(name), { ...basic(user), ...json, ...headers }, JSON.stringify(search))
    const get = (user: string, path: string, headers: Record<string, string> = {}) => http(port, 'GET', path, { ...basic(user), ...headers })
    const remove = (user: string, name: string, headers: Record<string, string> = {}) => http(port, 'DELETE', pathOf(name), { ...basic(user), ...headers })
    const bodyOf = ({ body }: Answer) => JSON.parse(body)
    const names = async (user: string) => bodyOf(await get(user, '/api/searches')).searches.map(({ owner, name }: Record<string, string>) => `${owner} ${name}`)

    await t.test('a search is created with defaults, replaced, read and deleted', async (t) => {
      const created = await put('alice', 'failed payments', {})
      t.equal(created.status, 201)
      const { etag, updated, ...search } = bodyOf(created)
      t.strictSame(search, { name: 'failed payments', owner: 'alice', query: '', from: null, to: null, order: 'newest', columns: [], by: null, group: null, shared: false, position: 0 })
      t.equal(created.headers.etag, etag)
      t.match(etag, /^"[\w-]{22}"$/)
      t.match(updated, /^\d{4}-.*Z$/)

      const whole = { query: 'level:>=error payment', from: '-1h', to: '2026-11-27T10:00:00Z', order: 'oldest', columns: ['at', 'order.id'], by: 'level', group: 'template', shared: false, position: 7 }
      const replaced = await put('alice', 'failed payments', whole)
      t.equal(replaced.status, 200)
      const found = await get('alice', pathOf('failed payments'))
      t.match(bodyOf(found), { ...whole, name: 'failed payments', owner: 'alice' })
      t.strictSame(bodyOf(found), bodyOf(replaced))
      t.equal(found.headers.etag, replaced.headers.etag)
      t.equal((await remove('alice', 'failed payments')).status, 204)
      t.equal((await remove('alice', 'failed payments')).status, 404)
      t.equal((await get('alice', pathOf('failed payments'))).status, 404)
      t.strictSame(await knex('audit').where('caller', 'alice').orderBy('id').pluck('action'), ['search.save', 'search.save', 'search.delete'])
    })

    await t.test('names are any titles, by upper and lower case', async (t) => {
      const titles = ['a/b?c=d&e#f', 'Übersicht %2F', 'поиск', '失敗 😀', 'A', 'a', 'new', 'x'.repeat(100)]
      for (const title of titles) t.match(bodyOf(await put('alice', title, {})), { name: title })
      for (const title of titles) {
        t.match(bodyOf(await get('alice', pathOf(title))), { name: title })
        t.equal((await remove('alice', title)).status, 204)
      }
      for (const title of ['x'.repeat(101), ' a', 'a ', 'a\nb', '\u202ea']) t.match((await put('alice', title, {})).status, /4(00|04|14)/, JSON.stringify(title))
    })

    await t.test('others read a search once it is shared, and never change it', async (t) => {
      await put('alice', 'mine', { position: 2 })
      await put('alice', 'ours', { shared: true, query: 'boom', position: 1 })
      await put('bob', 'his', {})
      t.strictSame(await names('alice'), ['alice ours', 'alice mine'], 'by position')
      t.strictSame(await names('bob'), ['bob his', 'alice ours'])
      t.match(bodyOf(await get('bob', `${pathOf('ours')}?owner=alice`)), { owner: 'alice', query: 'boom' })
      t.match(bodyOf(await get('alice', `${pathOf('mine')}?owner=alice`)), { name: 'mine' })
      for (const path of [`${pathOf('mine')}?owner=alice`, pathOf('ours'), `${pathOf('ours')}?owner=nobody`]) t.equal((await get('bob', path)).status, 404, path)
      t.equal((await get('bob', `${pathOf('ours')}?user=alice`)).status, 400)
      t.equal((await remove('bob', 'ours')).status, 404)
      t.equal((await put('bob', 'ours', { query: 'his own' })).status, 201)
      t.match(bodyOf(await get('alice', pathOf('ours'))), { query: 'boom' })
      await put('alice', 'ours', { shared: false })
      t.strictSame(await names('bob'), ['bob his', 'bob ours'])
    })

    await t.test('conditions keep one page from overwriting another', async (t) => {
      const { etag } = bodyOf(await put('alice', 'shared desk', { query: 'one' }))
      t.equal((await put('alice', 'shared desk', { query: 'two' }, { 'if-none-match': '*' })).status, 412)
      const next = await put('alice', 'shared desk', { query: 'two' }, { 'if-match': `"other", ${etag}` })
      t.equal(next.status, 200)
      t.equal((await put('alice', 'shared desk', { query: 'three' }, { 'if-match': etag })).status, 412)
      t.equal((await remove('alice', 'shared desk', { 'if-match': etag })).status, 412)
      t.match(bodyOf(await get('alice', pathOf('shared desk'))), { query: 'two' })
      t.equal((await get('alice', pathOf('shared desk'), { 'if-none-match': etag })).status, 200)
      const unchanged = await get('alice', pathOf('shared desk'), { 'if-none-match': `W/${next.headers.etag}` })
      t.match(unchanged, { status: 304, body: '', headers: { etag: next.headers.etag! } })
      t.equal((await put('alice', 'fresh', {}, { 'if-match': '*' })).status, 412)
      t.equal((await put('alice', 'fresh', {}, { 'if-none-match': '"x"' })).status, 400)
      t.equal((await put('alice', 'fresh', {}, { 'if-none-match': '*' })).status, 201)
      t.equal((await remove('alice', 'shared desk', { 'if-match': next.headers.etag! })).status, 204)
      const racing = await Promise.all(Array.from({ length: 4 }, (_, n) => put('alice', 'race', { query: `q${n}` }, { 'if-none-match': '*' })))
      t.strictSame(racing.map(({ status }) => status).sort(), [201, 412, 412, 412])
      const last = await Promise.all(Array.from({ length: 4 }, (_, n) => put('alice', 'unconditional', { query: `q${n}` })))
      t.strictSame(last.map(({ status }) => status).sort(), [200, 200, 200, 201])
    })

    const refused: Record<string, [search: unknown, detail: RegExp]> = {
      'a query with an error': [{ query: 'a (b' }, /closing bracket/],
      'a query that is too long': [{ query: 'x'.repeat(5000) }, /4096 characters/],
      'a time that is none': [{ from: 'yesterday' }, /from must be an ISO 8601 time/],
      'an unknown order': [{ order: 'best' }, /order must be newest \(the default\) or oldest/],
      'too many columns': [{ columns: Array.from({ length: 51 }, (_, n) => `c${n}`) }, /columns must be a list of up to 50 names/],
      'a long field': [{ by: 'x'.repeat(201) }, /by must be a field of 200 characters at most/],
      'a position below 0': [{ position: -1 }, /position must be a whole number from 0/],
      'an unknown field': [{ name: 'x' }, /name is not known here/],
      'no object': [[], /body must be an object/]
    }
    for (const [what, [search, detail]] of Object.entries(refused)) {
      await t.test(`refuses ${what}`, async (t) => {
        const answer = await put('alice', 'refused', search)
        t.equal(answer.status, 400)
        t.match(bodyOf(answer).detail, detail)
      })
    }

    await t.test('a search has 8 kB at most, and a user 200', async (t) => {
      const columns = Array.from({ length: 50 }, (_, n) => `${n}`.padEnd(165, 'x'))
      t.equal((await put('bob', 'large', { columns })).status, 413)
      t.equal((await http(port, 'PUT', pathOf('large'), { ...basic('bob'), ...json, 'transfer-encoding': 'chunked' }, JSON.stringify({ columns }))).status, 413, 'of unknown length')
      await knex('saved_searches').where('user_id', 2).delete()
      const row = { user_id: 2, shared: true, position: 0, content: '{}', etag: 'x', updated_at: '2026-11-27 00:00:00.000000' }
      await knex('saved_searches').insert(Array.from({ length: 200 }, (_, n) => ({ ...row, name: `n${n}` })))
      t.match(await put('bob', 'one more', {}), { status: 409, body: /200 searches/ })
      t.equal((await put('bob', 'n7', {})).status, 200, 'those that exist can be replaced')
      await knex('users').insert({ id: 9, username: 'carol', credential: '', created_at: row.updated_at })
      await knex('saved_searches').insert(Array.from({ length: 200 }, (_, n) => ({ ...row, user_id: 9, name: `n${n}` })))
      const { searches, complete } = bodyOf(await get('alice', '/api/searches'))
      t.equal(searches.filter(({ owner }: { owner: string }) => owner !== 'alice').length, 300)
      t.equal(complete, false)
    })

    await t.test('settings are merged by name, for their user alone', async (t) => {
      const change = (user: string, settings: unknown, headers: Record<string, string> = {}) => http(port, 'PUT', '/api/settings', { ...basic(user), ...json, ...headers }, JSON.stringify(settings))
      const settings = async (user: string) => bodyOf(await get(user, '/api/settings'))
      t.strictSame(await settings('alice'), {})
      t.strictSame(bodyOf(await change('alice', { theme: 'dark', columns: ['at', 'level'], 'pins.a': { deep: [1, null, '😀'] } })), { theme: 'dark', columns: ['at', 'level'], 'pins.a': { deep: [1, null, '😀'] } })
      t.strictSame(bodyOf(await change('alice', { theme: null, zone: 'UTC', missing: null })), { columns: ['at', 'level'], 'pins.a': { deep: [1, null, '😀'] }, zone: 'UTC' })
      t.strictSame(await settings('bob'), {})
      await Promise.all(Array.from({ length: 5 }, (_, n) => change('bob', { [`k${n}`]: n })))
      t.strictSame(Object.keys(await settings('bob')).length, 5, 'changes at once are all kept')
      for (const name of ['', '1a', 'a b', 'x'.repeat(51), '_a', 'é']) t.match(await change('alice', { [name]: 1 }), { status: 400, body: /the name of a setting must be a letter/ })
      t.equal((await http(port, 'PUT', '/api/settings', { ...basic('alice'), ...json }, '{"__proto__":{"a":1}}')).status, 400)
      t.equal((await change('alice', ['a'])).status, 400)
      t.equal((await change('alice', { a: 'x'.repeat(5000) })).status, 200)
      t.match(await change('alice', { b: 'x'.repeat(5000) }), { status: 413, body: /8192 bytes/ })
      t.equal((await change('alice', { b: 'x'.repeat(9000) })).status, 413)
      t.strictSame(Object.keys(await settings('alice')).sort(), ['a', 'columns', 'pins.a', 'zone'])
      t.match(JSON.parse((await knex('audit').where({ action: 'settings.change', caller: 'alice' }).first()).detail), { names: ['theme', 'columns', 'pins.a'] })
    })

    await t.test('a token with the scope read reads them, and changes nothing; other sites change nothing', async (t) => {
      const reader = { authorization: `Bearer ${await createToken(service, 'alice', ['read'])}` }
      const writer = { authorization: `Bearer ${await createToken(service, 'alice', ['write'])}` }
      for (const path of ['/api/searches', pathOf('race'), '/api/settings']) {
        t.equal((await http(port, 'GET', path, reader)).status, 200, path)
        t.equal((await http(port, 'GET', path, writer)).status, 403, path)
        t.equal((await http(port, 'GET', path)).status, 401, path)
      }
      const changes = [['PUT', pathOf('race')], ['DELETE', pathOf('race')], ['PUT', '/api/settings']] as const
      const foreign: Array<Record<string, string>> = [reader, writer, { ...basic('alice'), origin: 'https://elsewhere.example' }, { ...basic('alice'), 'sec-fetch-site': 'cross-site' }]
      for (const [method, path] of changes) {
        for (const headers of foreign) t.equal((await http(port, method, path, { ...json, ...headers }, method === 'PUT' ? '{}' : undefined)).status, 403, `${method} ${path}`)
      }
      t.equal((await get('alice', pathOf('race'))).status, 200)
    })
  })
}
