import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import t from 'tap'
import { root } from './helpers/command.ts'

const files = ['src', 'plugins', 'routes', 'migrations', 'seeds'].flatMap((folder) =>
  readdirSync(root + folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).map((file) => `${folder}/${file}`))

/** `import … from 'x'`, `export … from 'x'`, `import 'x'`, `import('x')`. */
const statement = /^(?:import|export)\s+(type\s)?(?:[^'";=]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'/gm

/** What is ours is named by its path from the root. */
const imports = files.flatMap((file) => [...readFileSync(root + file, 'utf8').matchAll(statement)].map(([, type, name, dynamic]) => {
  const target = name ?? dynamic!
  return { file, type: type !== undefined, target: target.startsWith('.') ? posix.join(posix.dirname(file), target) : target }
}))

const ours = /^(src|plugins|routes|migrations|seeds|test)\//
const none = () => /^$/
const verb = /^src\/(?!commands\/)\w+\//

/** Who may import, of what the rule is about, only what. */
const rules: Record<string, [who: RegExp, about: RegExp, only: (folder: string) => RegExp]> = {
  'record, errors, sqlite, text and time import nothing of ours but the record': [/^src\/(record|errors|sqlite|text|time)\.[jt]s$/, ours, () => /^src\/record\.ts$/],
  'a verb imports its own folder, record, errors, sqlite, text and time, and no other verb': [verb, ours, (folder) => new RegExp(`^${folder}/|^src/(record|errors|sqlite|text|time)\\.[jt]s$${folder === 'src/store' ? '|^src/query/' : ''}`)],
  'a verb knows nothing of fastify': [verb, /fastify/, none],
  'pino\'s transport runs in other people\'s processes: it imports its own folder and node alone': [/^src\/pino\//, /./, () => /^src\/pino\/|^node:/],
  'of src, app and index alone import plugins and routes': [/^src\/(?!(app|index)\.ts$)/, /^(plugins|routes)\//, none],
  'a plugin imports src, but no other plugin and no route': [/^plugins\//, ours, () => /^src\//],
  'a route imports its scope, decode, query, store, tail and what all routes share': [/^routes\//, ours, (scope) => new RegExp(`^${scope}/|^src/((decode|query|store|tail)/|(record|errors|answers|schema|text)\\.[jt]s$)`)],
  'store, the plugins of db and search, migrations and seeds alone import knex': [/^(?!src\/store\/|plugins\/(db|search)\.ts|migrations\/|seeds\/|src\/commands\/database\.ts)/, /^knex(\/|$)/, none]
}

for (const [promise, [who, about, only]] of Object.entries(rules)) {
  t.test(promise, async (t) => {
    t.ok(files.some((file) => who.test(file)), 'the rule is about files that exist')
    t.strictSame(imports.filter(({ file, target }) => who.test(file) && about.test(target) && !only(file.split('/').slice(0, 2).join('/')).test(target)), [])
  })
}

t.test('the commands know knex as a type only', async (t) => {
  t.strictSame(imports.filter(({ file, type, target }) => file === 'src/commands/database.ts' && target === 'knex' && !type), [])
})

t.test('store knows query by its types only', async (t) => {
  t.strictSame(imports.filter(({ file, type, target }) => file.startsWith('src/store/') && target.startsWith('src/query/') && !type), [])
})

t.test('only config reads the environment', async (t) => {
  t.strictSame(files.filter((file) => file !== 'src/config.ts' && /process\.env|from '(node:)?process'/.test(readFileSync(root + file, 'utf8'))), [])
})
