import { readFileSync } from 'node:fs'
import t from 'tap'
import { root, run } from '../../helpers/command.ts'
import { databases } from '../../helpers/databases.ts'
import { http } from '../../helpers/http.ts'
import { count, createUser, startService } from '../../helpers/service.ts'

const [, script = ''] = /## A tour by curl[^]*?```bash\n([^]*?)```/.exec(readFileSync(`${root}docs/querying.md`, 'utf8')) ?? []

/** Beginnings of what the script prints, in this order. */
const outputs = [
  '{"accepted":3,', '{"logs":[{', /"message":"tour: a message that","posted"/, /"complete":true,"cursor":"/, '{"logs":[{', '{"id":"', '{"logs":[{', '{"logs":[{', '{"logs":[{',
  '{"count":3,"complete":true', '{"interval":', '{"values":[{"value":"tour","count":2},{"value":"tour guide","count":1}]', '{"facets":[{"field":"level"', /"count":3,.*"p95":340/,
  '{"fields":[{"name":"trace_id"', 'at,level,message,order.id', /,error,tour failed for order 7,7/, /^\{"message":"[^"]*"\}$/m, '{"end":true,"logs":1}', /"sql":"SELECT .* FROM|"sql":"SELECT/,
  '{"accepted":1,', /^data: \{.*"message":"tour ends"/m, /"error":\{"rule":"query.expected","field":"query","at":11,"expected":\["closing-bracket"\]\}/, '{"deleted":4,"complete":true}'
]

for (const database of databases) {
  t.test(`the tour of docs/querying.md on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    await createUser(service, 'me')
    const { code, stdout, stderr } = await run('bash', ['-c', script.replace('127.0.0.1:5000', `127.0.0.1:${service.port}`).replace("'the password'", 'password')])
    t.equal(code, 0, 'runs to its end', { stderr })
    let rest = stdout
    for (const output of outputs) {
      const at = typeof output === 'string' ? rest.indexOf(output) : rest.search(output)
      t.ok(at >= 0, `prints ${output}`, { rest })
      rest = rest.slice(Math.max(at, 0))
    }
    t.equal(await count(service.knex), 0, 'nothing is left')

    await t.test('shows every route', async (t) => {
      const { paths } = JSON.parse((await http(service.port, 'GET', '/docs/json')).body)
      const reading = (path: string) => path.startsWith('/api/logs') && path !== '/api/logs/python' && 'get' in paths[path]
      const routes = Object.keys(paths).filter(reading).map((path) => path.replace('/api/logs', '').replace('{id}', '$id'))
      t.ok(routes.length > 10)
      t.strictSame(routes.filter((path) => path !== '' && !new RegExp(`get "?${path.replace('$', '\\$')}"?[ \\n]`).test(script)), [])
    })
  })
}
