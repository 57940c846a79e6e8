// The rules of CONTRIBUTING.md, "Where things go": which folder may import which.
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import t from 'tap'
import { root } from '../helpers/command.ts'

const folders = ['src', 'plugins', 'routes', 'migrations', 'seeds', 'bench', 'web']

const files = folders.flatMap((folder) => listFiles(folder))
const sources = new Map(files.map((file) => [file, readFileSync(root + file, 'utf8')]))

/** `import … from 'x'`, `export … from 'x'`, `import 'x'`; `import('x')`, in JSDoc, too; `new URL('x', import.meta.url)`. */
const statement = /^(?:import|export)\s+(type\s)?(?:[^'";=]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)|new URL\('([^']+\.[jt]s)', import\.meta\.url\)/gm

interface Import {
  file: string
  target: string
  isType: boolean
}

/** Imports by file; files of ours are named by their path from the root. */
const imports: Import[] = [...sources].flatMap(([file, source]) => [...source.matchAll(statement)].map(([, type, name, dynamic, url]) => {
  const target = name ?? dynamic ?? `./${url}`
  return { file, isType: type !== undefined, target: target.startsWith('.') ? posix.join(posix.dirname(file), target) : target }
}))

const ours = /^(src|plugins|routes|migrations|seeds|test|bench|web)\//
const none = /^$/
const shared = '^src/((model|text)/|(errors|timeout|version|sqlite)\\.ts$)'
const stages = '(receive|decode|authenticate|write|tail)'
const features = '(search|word-index|hour-counts|retention|alerts)'

/** By name of the rule: the files it applies to, the imports it is about, and those of them that are allowed. */
const rules: Record<string, [who: RegExp, about: RegExp, only: RegExp | ((file: string) => RegExp)]> = {
  'model, errors, timeout and text import model alone': [new RegExp(shared), ours, /^src\/(model|text)\//],
  'a stage imports its own folder and what all rooms speak of': [new RegExp(`^src/${stages}/`), ours, (file) => new RegExp(`^${folderOf(file)}/|${shared}`)],
  'a stage knows neither fastify nor knex': [new RegExp(`^src/${stages}/`), /fastify|^knex/, none],
  'the query language imports model and text, and nothing that only Node has': [/^src\/query\//, /./, /^src\/(query|model|text)\/|^re2js$/],
  'store imports model, and types of query': [/^src\/store\//, ours, new RegExp(`^src/(store|query)/|${shared}`)],
  'cluster imports model and store': [/^src\/cluster\//, ours, new RegExp(`^src/(cluster|store)/|${shared}`)],
  'search imports model, store, cluster, query, word-index and hour-counts': [/^src\/search\//, ours, new RegExp(`^src/(search|store|cluster|query|word-index|hour-counts)/|${shared}`)],
  'alerts imports model, store, cluster, query, search and tail': [/^src\/alerts\//, ours, new RegExp(`^src/(alerts|store|cluster|query|search|tail)/|${shared}`)],
  'another feature imports model, store, cluster and query': [/^src\/(word-index|hour-counts|retention)\//, ours, (file) => new RegExp(`^${folderOf(file)}/|^src/(store|cluster|query)/|${shared}`)],
  'workers import their own folder, and the code of the setup': [/^src\/workers\//, ours, new RegExp(`^src/workers/|^src/authenticate/setup\\.ts$|${shared}`)],
  'transfer imports model, store, cluster, decode, authenticate and write': [/^src\/transfer\//, ours, new RegExp(`^src/(transfer|store|cluster|decode|authenticate|write)/|${shared}`)],
  'neither store, cluster, query, transfer nor a feature knows fastify': [new RegExp(`^src/(store|cluster|query|transfer|${features})/`), /fastify/, none],
  'http imports model and errors': [/^src\/http\//, ours, new RegExp(`^src/http/|${shared}`)],
  'pino\'s transport runs in other people\'s processes: it imports its own folder and node alone': [/^src\/pino\//, /./, /^src\/pino\/|^node:/],
  'of src, app and index alone import plugins and routes': [/^src\/(?!(app|index)\.ts$)/, /^(plugins|routes)\//, none],
  'a plugin imports src, but no route, and no other plugin: but for the cluster, which the first that needs it registers': [/^plugins\//, ours, /^src\/|^plugins\/cluster\.ts$/],
  'a route imports its scope, http, decode, query, store, tail and features': [/^routes\//, ours, (file) => new RegExp(`^${folderOf(file)}/|^src/(http|decode|query|store|tail|cluster|${features})/|${shared}`)],
  'store, cluster, transfer, features, the plugins of the database and its readers, migrations and seeds alone import knex': [new RegExp(`^(?!src/(store|cluster|transfer|${features})/|plugins/(db|readers)\\.ts|migrations/|seeds/|bench/|src/commands/database\\.ts)`), /^knex(\/|$)/, none],
  'the page imports neither plugins nor routes': [/^web\//, /^(plugins|routes)\//, none],
  'the page has nothing that only Node has': [/^web\/app\//, /^node:/, none]
}

for (const [promise, [who, about, only]] of Object.entries(rules)) {
  t.test(promise, async (t) => {
    const allowed = typeof only === 'function' ? only : () => only
    t.strictSame(imports.filter(({ file, target }) => who.test(file) && about.test(target) && !allowed(file).test(target)), [])
  })
}

t.test('the commands know knex as a type only', async (t) => {
  t.strictSame(imports.filter(({ file, isType, target }) => file === 'src/commands/database.ts' && target === 'knex' && !isType), [])
})

t.test('the page imports the query language, and types of what the API takes and gives', async (t) => {
  const loads = imports.filter(({ file, isType, target }) => file.startsWith('web/') && target.startsWith('src/') && !isType)
  t.strictSame(loads.filter(({ target }) => !target.startsWith('src/query/')), [])
})

t.test('what the page loads of the query language needs no package', async (t) => {
  const loads = imports.filter(({ isType }) => !isType)
  const reached = new Set(loads.filter(({ file, target }) => file.startsWith('web/app/') && target.startsWith('src/')).map(({ target }) => target))
  for (const file of reached) for (const { target } of loads.filter((found) => found.file === file)) reached.add(target)
  t.ok(reached.has('src/query/parser.ts'))
  t.strictSame([...reached].filter((file) => !sources.has(file)), [])
})

t.test('store knows query by its types only', async (t) => {
  t.strictSame(imports.filter(({ file, isType, target }) => file.startsWith('src/store/') && target.startsWith('src/query/') && !isType), [])
})

t.test('only config reads the environment', async (t) => {
  const read = [...sources].filter(([file, source]) => !/^(bench|web)\/|^src\/config\.ts$/.test(file) && /process\.env|from '(node:)?process'/.test(source))
  t.strictSame(read.map(([file]) => file), [])
})

t.test('nothing imports itself by a circle', async (t) => {
  const targets = (file: string) => new Set(imports.filter((found) => found.file === file && sources.has(found.target)).map(({ target }) => target))
  t.strictSame(circles(new Map(files.map((file) => [file, targets(file)]))), [])
})

t.test('the rules see a circle, and what is imported by a type, by JSDoc and by URL', async (t) => {
  t.strictSame(circles(new Map([['a', new Set(['b'])], ['b', new Set(['c'])], ['c', new Set(['b'])]])), [['b', 'c', 'b']])
  const source = "import type { A } from './a.ts'\n/** @param {import('./b.ts').B} b */\nnew Worker(new URL('c.js', import.meta.url))"
  t.strictSame([...source.matchAll(statement)].map(([, , name, dynamic, url]) => name ?? dynamic ?? url), ['./a.ts', './b.ts', 'c.js'])
})

function listFiles (folder: string): string[] {
  return readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|tsx|js)$/.test(file) && !/(^|\/)(node_modules|dist)\//.test(file))
    .map((file) => `${folder}/${file}`)
}

/** `src/store` of `src/store/dialects/dialect.ts`. */
function folderOf (file: string): string {
  return file.split('/').slice(0, 2).join('/')
}

/** The circles of a graph, each once, as lists of nodes. */
function circles (graph: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const found: string[][] = []
  const done = new Set<string>()
  const path: string[] = []
  const visit = (node: string) => {
    const index = path.indexOf(node)
    if (index !== -1) return found.push([...path.slice(index), node])
    if (done.has(node)) return
    path.push(node)
    for (const next of graph.get(node) ?? []) visit(next)
    path.pop()
    done.add(node)
  }
  for (const node of graph.keys()) visit(node)
  return found
}
