import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import t from 'tap'
import { copyCheckout, isBuilt, mustRun } from '../helpers/checkout.ts'
import { loggerbot, root, startServed } from '../helpers/command.ts'
import { databases, environmentOf, openKnex, temporaryFolder } from '../helpers/databases.ts'
import { http } from '../helpers/http.ts'
import { apiKey, createToken, createUser, log, send, stored } from '../helpers/service.ts'

const versionOf = (name: string): string => JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version

const { scripts, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** A host app that registers the plugin, and its parts one by one. */
const host = `
import Fastify, { type FastifyRequest } from 'fastify'
import knex from 'knex'
import pino from 'pino'
import type { PinoTransportOptions } from 'loggerbot-server/pino'
import {
  accountRoutes, adminRoutes, alertRoutes, alerts, auth, contractRoutes, db, hourCounts, ingestRoutes, loggerbot, metrics, openapi, opsRoutes, page, pageRoutes, preflight, queryRoutes, retention, search, setup, spool, syslog, tail, wordIndex, writer,
  type DatabaseOptions, type LogBatch, type LoggerBotOptions, type LogUser, type PageOptions, type Receipt
} from 'loggerbot-server'

const database: DatabaseOptions = { file: 'logs.sqlite' }
const options: LoggerBotOptions = { database, apiKey: 'key', bodyLimit: 1024 }

const framed: PageOptions = { frameAncestors: ['https://intranet.example'] }

const app = Fastify()
await app.register(loggerbot, { prefix: '/logs', ...options, ...framed })
await app.register(loggerbot, { prefix: '/mysql', database: { host: 'localhost', user: 'user' }, migrate: true })
await app.register(loggerbot, { prefix: '/own', knex: knex({ client: 'mysql2' }) })

await app.register(async (scope) => {
  await scope.register(db, { database })
  await scope.register(auth)
  await scope.register(spool, { folder: 'spool' })
  await scope.register(writer)
  await scope.register(syslog, { port: 5514, tls: { port: 6514, cert: 'cert.pem', key: 'key.pem' }, user: 'alice' })
  await scope.register(search, { searchBudget: 1000 })
  await scope.register(tail)
  await scope.register(wordIndex)
  await scope.register(hourCounts)
  await scope.register(alerts, { alerts: true })
  await scope.register(retention, { days: 30 })
  await scope.register(preflight)
  await scope.register(metrics)
  await scope.register(openapi)
  await scope.register(page, framed)
  await scope.register(contractRoutes, { authenticate: async (request: FastifyRequest): Promise<LogUser> => ({ id: 1, name: request.ip }) })
  await scope.register(ingestRoutes, { bodyLimit: 1024 })
  await scope.register(queryRoutes)
  await scope.register(accountRoutes)
  await scope.register(setup, { onSetupCode: (code: string) => { code satisfies string } })
  await scope.register(adminRoutes, { bodyLimit: 1024 })
  await scope.register(opsRoutes)
  await scope.register(pageRoutes)
  const batch: LogBatch = { userId: 1, records: [] }
  const { stored }: Receipt = await scope.writeLogs(batch)
  stored satisfies 'database' | 'spool'
})

const transport: PinoTransportOptions = { url: 'http://127.0.0.1:5000', token: 'lb_token' }
pino({ transport: { target: 'loggerbot-server/pino', options: transport } }).info('hello')

// @ts-expect-error a port is a number
const wrong: LoggerBotOptions = { database: { host: 'localhost', user: 'user', port: '3306' } }
await app.register(loggerbot, wrong)
`

await t.test('The package, installed in an empty project', { jobs: 2 }, async (t) => {
  const project = temporaryFolder(t)
  t.equal(scripts.prepack, 'npm run build')
  // In a copy, because packing builds, and other tests run this build. What is built takes most of a minute to build again.
  await mustRun('npm', ['pack', '--pack-destination', project, ...isBuilt() ? ['--ignore-scripts'] : []], { cwd: await copyCheckout(t) })
  const tarball = readdirSync(project).find((file) => file.endsWith('.tgz'))!

  await t.test('holds the build, its types and the documents, but no sources and no tests', async (t) => {
    const files = (await mustRun('tar', ['-tzf', tarball], { cwd: project })).trim().split('\n').map((file) => file.replace(/^package\//, ''))
    const expected = ['dist/src/index.js', 'dist/src/index.d.ts', 'bin/loggerbot.js', 'README.md', 'docs/index.md', 'docs/examples/embed.ts', 'docs/grafana/logs.json', 'dist/page/index.html', 'dist/page/index.html.br']
    t.strictSame(expected.filter((file) => !files.includes(file)), [])
    t.strictSame(files.filter((file) => !file.startsWith('docs/examples/') && /(?<!\.d)\.ts$|(^|\/)test\/|\.test\.|\.env|data\//.test(file)), [])
  })

  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'host', private: true, type: 'module' }))
  const beside = ['fastify', 'knex', 'pino'].map((name) => `${name}@${versionOf(name)}`)
  await mustRun('npm', ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`, ...beside], { cwd: project })
  // Copies the compiled module, because compiling takes a minute.
  const compiled = 'node_modules/better-sqlite3-node20/build/Release/better_sqlite3.node'
  if (existsSync(join(root, compiled))) cpSync(join(root, compiled), join(project, compiled))
  await t.test('has exports and types that publint and attw accept', async (t) => {
    const { messages, pkg } = await publint({ pkgDir: join(project, 'node_modules/loggerbot-server'), pack: false })
    t.strictSame(messages.map((message) => formatMessage(message, pkg)), [])
    // ESM only: a CommonJS module of Node 20.19 or newer can require it.
    t.match(await mustRun(join(root, 'node_modules/.bin/attw'), ['--profile', 'esm-only', '--format', 'ascii', join(project, tarball)]), '"loggerbot-server/pino"')
  })

  // The program directly; npx takes a second to find it.
  const installed = join(project, 'node_modules/.bin/loggerbot')

  t.test('type-checks in a strict host app, and refuses wrong options', { buffered: true }, async (t) => {
    writeFileSync(join(project, 'host.ts'), host)
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({
      compilerOptions: {
        target: 'es2023',
        module: 'nodenext',
        strict: true,
        noUncheckedIndexedAccess: true,
        exactOptionalPropertyTypes: true,
        verbatimModuleSyntax: true,
        skipLibCheck: false,
        typeRoots: [join(root, 'node_modules/@types')],
        types: ['node'],
        noEmit: true
      },
      files: ['host.ts']
    }))
    t.equal(await mustRun(join(root, 'node_modules/.bin/tsc'), [], { cwd: project }), '')
  })

  t.test('is imported by its documented names', { buffered: true }, async (t) => {
    const names = await mustRun(process.execPath, ['--input-type=module', '-e', "console.log(Object.keys(await import('loggerbot-server')).sort().join(' '))"], { cwd: project })
    t.equal(names.trim(), 'accountRoutes adminRoutes alertRoutes alerts auth contractRoutes db hourCounts ingestRoutes loggerbot metrics newRecord openapi opsRoutes page pageRoutes preflight queryRoutes retention search setup spool syslog tail utcTime wordIndex writer')
  })

  t.test('npx loggerbot --version says the version', { buffered: true }, async (t) => {
    t.equal(await mustRun('npx', ['loggerbot', '--version'], { cwd: project }), `${version}\n`)
  })

  for (const database of databases) {
    t.test(`loggerbot serves and stores a log, on tables made from source, on ${database.name}`, { buffered: true }, async (t) => {
      const options = await database.create(t)
      const env = { ...environmentOf(options), LOGGER_API_KEY: apiKey }
      t.match(await loggerbot(['migrate'], { env }), { code: 0, stdout: /applied .+_users\n/ })
      t.notMatch(await mustRun(installed, ['migrate'], { cwd: project, env }), /applied/)

      const service = await startServed(t, installed, ['serve', '--port=0'], { cwd: project, env })
      const answer = await send(service, 'alice', await createUser(service, 'alice'), [log({ msg: 'to the build' })])
      t.match(answer, { status: 200, body: '{"code":200,"message":"Logs added successfully"}' })
      const knex = openKnex(t, options)
      t.match(await stored(knex), [{ log_msg: 'to the build' }])
      t.match(await http(service.port, 'GET', '/', { accept: 'text/html' }), { status: 200, body: /_page\/index-/ }, 'the page is in it')

      const transport = { target: 'loggerbot-server/pino', options: { url: `http://127.0.0.1:${service.port}`, token: await createToken(service, 'alice') } }
      await knex('user_logs').delete()
      await mustRun(process.execPath, ['--input-type=module', '-e', `
        import pino from 'pino'
        pino({ transport: ${JSON.stringify(transport)} }).info('by pino')`], { cwd: project })
      t.match(await stored(knex), [{ log_msg: 'by pino' }])
    })

    t.test(`a checkout recognises what the package migrated on ${database.name}`, { buffered: true }, async (t) => {
      const env = environmentOf(await database.create(t))
      t.match(await mustRun(installed, ['migrate'], { cwd: project, env }), /applied .+_users\n/)
      const { code, stdout } = await loggerbot(['migrate'], { env })
      t.equal(code, 0)
      t.notMatch(stdout, /applied/)
      t.match(await loggerbot(['user', 'add', 'alice'], { env }), { code: 0 })
    })
  }
})
