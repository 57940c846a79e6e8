import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import mysql from 'mysql2/promise'
import t, { type Test } from 'tap'
import { contractToken } from '../../src/authenticate/token.ts'
import type { MysqlOptions } from '../../src/store/dialects/dialect.ts'
import { loggerbot, loggerbotProcess, program, root, run, serve, startServed, type Finished } from '../helpers/command.ts'
import { databases, environmentOf, mariadb, openKnex, sqlite, temporaryFolder } from '../helpers/databases.ts'
import { http, post } from '../helpers/http.ts'
import { freePort } from '../helpers/ports.ts'
import { apiKey, body, count, createUser, log, send } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

// No .env of the checkout is read.
process.chdir(temporaryFolder(t))

const emptyMysql = (t: Test) => mariadb.create(t)
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

/** Fails unless the command gave up with one clear line and nothing else. */
function isRefusal (t: Test, { code, stdout, stderr }: Finished, expected: number, line: RegExp): void {
  t.equal(code, expected, stderr)
  t.equal(stdout, '')
  t.match(stderr, /^loggerbot: [^\n]+\n$/)
  t.match(stderr, line)
}

/** Runs as an administrator of the tests' MySQL. */
async function administer (...statements: string[]): Promise<void> {
  const { host, port, user, password } = await mariadb.access()
  const admin = await mysql.createConnection({ host, port, user, password })
  for (const statement of statements) await admin.query(statement)
  await admin.end()
}

/** A MySQL login of its own with these privileges, which goes when the test ends. */
async function createLogin (t: Test, grant?: string): Promise<{ user: string, password: string }> {
  const user = `u${randomBytes(6).toString('hex')}`
  const password = 'the MySQL password\'s $ and "'
  const quoted = mysql.format('?', [password])
  // An anonymous login of localhost would go before one of every host.
  const names = [`'${user}'@'%'`, `'${user}'@'localhost'`]
  await administer(...names.flatMap((name) => [`CREATE USER ${name} IDENTIFIED BY ${quoted}`, ...grant ? [`GRANT ${grant} TO ${name}`] : []]))
  t.teardown(() => administer(...names.map((name) => `DROP USER ${name}`)))
  return { user, password }
}

/** The flags that mean this MySQL for every command but setup-database. */
function flagsOf ({ host, port, user, password, database }: MysqlOptions): string[] {
  return [`--db-host=${host}`, `--db-port=${port}`, `--user=${user}`, `--password=${password}`, `--db-name=${database}`, '--spool-dir=']
}

/** What follows `name` in a command's output. */
function printed (stdout: string, name: string): string {
  return new RegExp(`^ {2}${name} +(.+)$`, 'm').exec(stdout)?.[1] ?? t.fail(`no ${name} in ${stdout}`) as never
}

t.test('asking for help', async (t) => {
  const commands = ['serve', 'setup-database', 'migrate', 'user add', 'user list', 'user disable', 'user enable', 'user admin']

  await t.test('--help lists every command', async (t) => {
    const { code, stdout, stderr } = await loggerbot(['--help'])
    t.strictSame([code, stderr], [0, ''])
    for (const command of commands) t.match(stdout, new RegExp(`^  ${command} +\\S`, 'm'))
  })

  for (const command of commands) {
    await t.test(`${command} --help tells its usage and every setting`, async (t) => {
      const { code, stdout, stderr } = await loggerbot([...command.split(' '), '--help'])
      t.strictSame([code, stderr], [0, ''])
      t.match(stdout, `Usage: loggerbot ${command}`)
      t.match(stdout, /^ {2}--db-file +\S.*LOGGER_DB_FILE/m)
      t.match(stdout, /^ {2}LOGGER_API_KEY +\S/m)
    })
  }

  await t.test('prints no error when the reader has gone', async (t) => {
    const { stdout, stderr } = await run('bash', ['-c', '"$0" "$1" --help | true; echo "ended with $PIPESTATUS"', process.execPath, program])
    t.strictSame({ stdout, stderr }, { stdout: 'ended with 0\n', stderr: '' })
  })

  await t.test('--version is that of the package', async (t) => {
    t.strictSame(await loggerbot(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' })
  })
})

t.test('completion', async (t) => {
  const script = async (shell: string) => (await loggerbot(['completion', shell])).stdout
  const bash = await script('bash')
  /** Words that bash offers for the last one. */
  const offered = async (...words: string[]) => {
    const { stdout, stderr } = await run('bash', ['-c', `${bash}\nCOMP_WORDS=(loggerbot "$@"); COMP_CWORD=$#; _loggerbot; printf '%s\\n' "\${COMPREPLY[@]}"`, 'bash', ...words])
    t.equal(stderr, '')
    return stdout.split('\n').filter((word) => word !== '')
  }

  await t.test('in bash offers every command that --help lists, and every flag of it', async (t) => {
    const names = Array.from((await loggerbot(['--help'])).stdout.matchAll(/^ {2}([a-z][a-z-]*(?: [a-z][a-z-]*)?) /gm), ([, name]) => name!.split(' '))
    t.ok(names.length > 20)
    const atStart = await offered('')
    for (const [first, second] of names) t.ok(atStart.includes(first!) && (second === undefined || bash.includes(`'${first}/${second}')`)), `${first} ${second ?? ''}`)
    for (const words of [['search'], ['user', 'add'], ['completion']]) {
      const { stdout } = await loggerbot([...words, '--help'])
      const flags = Array.from(stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm), ([, flag]) => flag)
      t.strictSame(await offered(...words, '--'), flags)
    }
  })

  const cases: Record<string, string[]> = {
    use: ['user'],
    'user pass': ['password'],
    'user admin me o': ['on', 'off'],
    'completion ': ['bash', 'zsh', 'fish'],
    'search --attr': ['--attributes'],
    'search --from ': [],
    'search -n ': [],
    'token add me --once': ['--once']
  }
  for (const [line, words] of Object.entries(cases)) {
    await t.test(`in bash offers ${words.join(' ') || 'nothing'} after ${line}`, async (t) => {
      const all = await offered(...line.split(' '))
      t.strictSame(line.endsWith(' ') ? all.filter((word) => !word.startsWith('--')) : all, words)
    })
  }

  for (const shell of ['zsh', 'fish']) {
    const { code } = await run('bash', ['-c', `type ${shell}`])
    await t.test(`in ${shell} is a script that it understands`, { skip: code !== 0 }, async (t) => {
      t.strictSame(await run(shell, ['--no-execute', '/dev/stdin'], { input: await script(shell) }), { code: 0, stdout: '', stderr: '' })
    })
  }

  await t.test('of another shell is refused', async (t) => {
    isRefusal(t, await loggerbot(['completion', 'tcsh']), 2, /the shell must be bash, zsh, fish/)
  })
})

t.test('a wrong call is exit code 2 and one line', async (t) => {
  // Every bad value of every setting is in config.test.ts.
  const wrong: Array<[args: string[], line: RegExp, env?: Record<string, string>]> = [
    [[], /no command given \(loggerbot --help/],
    [['start'], /no such command: start \(loggerbot --help/],
    [['user', 'remove', 'denis'], /no such command: user remove denis/],
    [['serve', '--verbose'], /--verbose.*\(loggerbot serve --help lists the flags\)/],
    [['serve', '--api-key=x'], /--api-key.*loggerbot serve --help/],
    [['serve', 'now'], /usage: loggerbot serve/],
    [['serve', '--port'], /--port/],
    [['serve', '--migrate=yes'], /--migrate/],
    [['user', 'add'], /usage: loggerbot user add NAME/],
    [['user', 'add', 'a', 'b'], /usage: loggerbot user add NAME/],
    [['serve', '--port=65536'], /LOGGER_PORT \(--port\) is not valid: .*0 to 65535/],
    [['setup-database', '--port=0'], /LOGGER_DB_PORT/],
    [['serve', '--db-name=a.b'], /LOGGER_DB_NAME \(--db-name\)/],
    [['serve'], /LOGGER_PORT \(--port\)/, { LOGGER_PORT: 'five thousand' }],
    [['serve'], /LOGGER_LOG_LEVEL/, { LOGGER_LOG_LEVEL: 'loud' }]
  ]
  for (const [args, line, env = {}] of wrong) {
    await t.test(`loggerbot ${args.join(' ')} ${JSON.stringify(env)}`, async (t) => isRefusal(t, await loggerbot(args, { env }), 2, line))
  }
})

t.test('a process ends with the exit code of its command', async (t) => {
  const env = environmentOf(await sqlite.create(t))
  isRefusal(t, await loggerbotProcess(['start'], { env }), 2, /no such command/)
  isRefusal(t, await loggerbotProcess(['user', 'disable', 'nobody'], { env }), 1, /there is no user nobody/)
  t.match(await loggerbotProcess(['user', 'list'], { env }), { code: 0, stderr: '' })
})

/** A checkout whose command line prints what it runs. With `tsx`, the development dependencies are installed. */
function fakeCheckout (t: Test, { tsx }: { tsx: boolean }) {
  const checkout = temporaryFolder(t)
  for (const folder of ['src', 'plugins', 'routes', 'migrations', 'dist/src']) mkdirSync(join(checkout, folder), { recursive: true })
  for (const name of ['bin', 'package.json', ...tsx ? ['node_modules'] : []]) symlinkSync(join(root, name), join(checkout, name))
  writeFileSync(join(checkout, 'src/cli.ts'), "export const main = () => { console.log('sources') }")
  return {
    build: () => writeFileSync(join(checkout, 'dist/src/cli.js'), "export const main = () => { console.log('build') }"),
    setTime: (file: string, seconds: number) => utimesSync(join(checkout, file), seconds, seconds),
    // With the link resolved, it would find the modules of the real checkout.
    run: () => run(process.execPath, ['--preserve-symlinks-main', '--preserve-symlinks', join(checkout, 'bin/loggerbot.js')])
  }
}

t.test('a checkout runs its build until a source is newer', async (t) => {
  const { build, setTime, run } = fakeCheckout(t, { tsx: true })
  t.match(await run(), { code: 0, stdout: 'sources\n' })
  build()
  const now = Date.now() / 1000
  setTime('dist/src/cli.js', now + 10)
  t.match(await run(), { code: 0, stdout: 'build\n' })
  setTime('routes', now + 20)
  t.match(await run(), { code: 0, stdout: 'sources\n' })
})

t.test('a checkout without development dependencies runs its build, or says in one line how to make it', async (t) => {
  const { build, setTime, run } = fakeCheckout(t, { tsx: false })
  isRefusal(t, await run(), 1, /this checkout is not built: run npm ci && npm run build/)
  build()
  const now = Date.now() / 1000
  setTime('dist/src/cli.js', now + 10)
  t.match(await run(), { code: 0, stdout: 'build\n', stderr: '' })
  setTime('routes', now + 20)
  t.match(await run(), { code: 0, stdout: 'build\n', stderr: /^loggerbot: the sources are newer than the build[^\n]*\n$/ })
})

t.test('user add asks for the password on a terminal, without showing it', async (t) => {
  const env = { ...environmentOf(await sqlite.create(t)), NODE: process.execPath, PROGRAM: program }
  // script gives the command a terminal.
  const child = spawn('script', ['--quiet', '--return', '--command', '"$NODE" "$PROGRAM" user add asked', '/dev/null'], { env: { ...process.env, ...env } })
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    if (!shown.includes('password (empty') && (shown + chunk).includes('generate one): ')) child.stdin.write('typed-password\r')
    shown += chunk
  })
  const [code] = await once(child, 'close')
  t.equal(code, 0, shown)
  t.notMatch(shown, 'typed-password')
  t.equal(printed(shown.replaceAll('\r', ''), 'token'), contractToken('asked', 'typed-password'))
})

for (const database of databases) {
  t.test(`the commands on ${database.name}`, async (t) => {
    const options = await database.create(t)
    const env: Record<string, string> = { ...environmentOf(options), LOGGER_API_KEY: apiKey }
    const knex = openKnex(t, options)

    await t.test('migrate makes the tables, and then has nothing to do', async (t) => {
      const first = await loggerbot(['migrate'], { env })
      t.match(first, { code: 0, stdout: /^(applied \d{14}_\w+\n){4,}(SQLite|MySQL) \S+ is up to date\n$/, stderr: '' })
      const again = await loggerbot(['migrate'], { env })
      t.match(again, { code: 0, stdout: /^(SQLite|MySQL) \S+ is up to date\n$/, stderr: '' })
    })

    const served = await serve(t, [], { env })

    await t.test('serve greets once, with its address, its database and the next command', async (t) => {
      const where = 'file' in options ? `SQLite ${options.file}` : `MySQL ${options.user}@${options.host}:${options.port}/${options.database}`
      const url = `http://127.0.0.1:${served.port}`
      const code = /^ {2}setup code {2}([\w-]{20}) /m.exec(served.stdout())?.[1]
      t.equal(served.stdout(), [
        `LoggerBot Server ${version}`,
        `  listens on  ${url} (described at ${url}/docs)`,
        `  database    ${where}`,
        `  setup code  ${code} (creates the first user: POST ${url}/api/setup)`,
        `  next        npx loggerbot user add me --port=${served.port}`,
        ''
      ].join('\n'))
      t.match(await http(served.port, 'GET', '/readyz'), { status: 200 })
    })

    await t.test('the next command works when pasted, and so does the curl command that it prints', async (t) => {
      const added = await run('bash', ['-c', printed(served.stdout(), 'next')], { env })
      t.match(added, { code: 0, stdout: /^user me can send logs\n/ })
      const sent = await run('bash', ['-c', printed(added.stdout, 'try it')])
      t.match(sent, { code: 0, stdout: '{"code":200,"message":"Logs added successfully"}' })
      t.match(await knex('user_logs').first(), { log_msg: 'Hello', p_name: 'curl' })
    })

    await t.test('user add generates a password, and prints the token that goes with it', async (t) => {
      const { code, stdout, stderr } = await loggerbot(['user', 'add', 'generated'], { env })
      t.strictSame([code, stderr], [0, ''])
      const password = printed(stdout, 'password')
      t.match(password, /^[\w-]{24}$/)
      t.equal(printed(stdout, 'token'), contractToken('generated', password))
      t.equal((await send(served, 'generated', contractToken('generated', password), [log()])).status, 200)
    })

    const add = (name: string, password: string, ...flags: string[]) => loggerbot(['user', 'add', name, '--password-stdin', ...flags], { env, input: password })

    await t.test('user add takes a password from standard input, and does not repeat it', async (t) => {
      const { code, stdout, stderr } = await add('denis', 'pass$word\'s\n', '--tel-id=12345')
      t.strictSame([code, stderr], [0, ''])
      t.match(stdout, /^user denis can send logs\n/)
      t.notMatch(stdout, 'pass$word')
      t.equal(printed(stdout, 'token'), contractToken('denis', 'pass$word\'s'))
      t.match(await knex('users').where('username', 'denis').first(), { tel_id: '12345', disabled_at: null })
    })

    await t.test('user add once more changes nothing, and with another password or tel_id is exit code 1', async (t) => {
      const before = await knex('users').orderBy('id')
      t.match(await add('denis', 'pass$word\'s', '--tel-id=12345'), { code: 0, stdout: /^user denis exists already; nothing changed\n/ })
      isRefusal(t, await add('denis', 'another', '--tel-id=12345'), 1, /user exists with another password/)
      isRefusal(t, await add('denis', 'pass$word\'s', '--tel-id=2'), 1, /user exists with another tel_id/)
      t.strictSame(await knex('users').orderBy('id'), before)
    })

    await t.test('user add refuses what is not one word with exit code 2', async (t) => {
      isRefusal(t, await add('two words', 'password'), 2, /NAME must be one word of 1 to 100 characters/)
      isRefusal(t, await add('x'.repeat(101), 'password'), 2, /NAME must be one word/)
      isRefusal(t, await add('other', 'two words'), 2, /the password must be one word/)
      isRefusal(t, await add('other', ''), 2, /the password must be one word/)
      isRefusal(t, await add('other', 'password', '--tel-id= '), 2, /--tel-id must be one word/)
      t.equal(await knex('users').where('username', 'other').first(), undefined)
    })

    await t.test('user disable shuts a user out within a second or so, and keeps the logs', async (t) => {
      const token = contractToken('denis', 'pass$word\'s')
      t.equal((await send(served, 'denis', token, [log({ msg: 'stays' })])).status, 200)
      t.strictSame(await loggerbot(['user', 'disable', 'denis'], { env }), { code: 0, stdout: 'user denis is disabled\n', stderr: '' })
      const start = performance.now()
      const { status } = await until('the user is shut out', async () => {
        const answer = await send(served, 'denis', token, [])
        return answer.status !== 200 && answer
      })
      t.equal(status, 403)
      const tookMs = performance.now() - start
      t.ok(tookMs < 10_000, `${tookMs} ms, ten times what it takes on a quiet machine`)
      t.ok(await knex('user_logs').where('log_msg', 'stays').first())
      t.match(await loggerbot(['user', 'disable', 'denis'], { env }), { code: 0 }, 'twice is harmless')
      isRefusal(t, await add('denis', 'pass$word\'s', '--tel-id=12345'), 1, /user is disabled/)
    })

    await t.test('user disable of nobody is exit code 1', async (t) => {
      isRefusal(t, await loggerbot(['user', 'disable', 'nobody'], { env }), 1, /there is no user nobody/)
    })

    await t.test('user list shows names, times and states, and no secret', async (t) => {
      const { code, stdout, stderr } = await loggerbot(['user', 'list'], { env })
      t.strictSame([code, stderr], [0, ''])
      const [title, ...lines] = stdout.trimEnd().split('\n').map((line) => line.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'TIME').split(/ {2,}/))
      t.strictSame(title, ['NAME', 'CREATED (UTC)', 'STATE'])
      t.strictSame(lines, [['denis', 'TIME', 'disabled'], ['generated', 'TIME', 'active'], ['me', 'TIME', 'active']])
      t.notMatch(stdout, /scrypt|12345/)
    })

    await t.test('serve says what uses the port already', async (t) => {
      isRefusal(t, await loggerbot(['serve', `--port=${served.port}`], { env }), 1, new RegExp(`LOGGER_PORT \\(--port\\): ${served.port} on 127\\.0\\.0\\.1 is in use`))
      isRefusal(t, await loggerbot(['serve', '--port=0', '--host=192.0.2.1'], { env }), 1, /LOGGER_HOST \(--host\): 192\.0\.2\.1 is not an address of this machine/)
    })

    await t.test('serve never prints a secret or a log, even at its most talkative with requests that fail', async (t) => {
      const talkative = await serve(t, [], { env: { ...env, LOGGER_LOG_LEVEL: 'trace' } })
      const secret = { password: 'secret-password', other: 'secret-other-password', key: 'secret-key', message: 'secret-message' }
      const token = await createUser(talkative, 'careful', secret.password)
      const wrong = contractToken('careful', 'secret')
      const logs = [log({ msg: secret.message })]
      const statuses = [
        await send(talkative, 'careful', token, logs),
        await send(talkative, 'careful', wrong, logs),
        await send(talkative, 'careful', `${token}0`, logs),
        await send(talkative, 'careful', token, [log({ level: secret.message })]),
        await post(talkative.port, '/send_logs', `{"data":${secret.message}`, { 'x-user-token': token }),
        await post(talkative.port, `/send_logs?token=${token}`, body('careful', logs), { 'x-user-token': wrong }),
        await post(talkative.port, `/nothing/${token}`, '{}', { 'x-user-token': token }),
        await post(talkative.port, '/create_user', { user: 'careful', password: secret.other, tel_id: '1' }, { 'x-api-key': apiKey }),
        await post(talkative.port, '/create_user', { user: 'careful', password: secret.other, tel_id: '1' }, { 'x-api-key': secret.key })
      ].map(({ status }) => status)
      t.strictSame(statuses, [200, 403, 400, 400, 400, 403, 404, 409, 403])

      await knex.schema.renameTable('user_logs', 'hidden')
      t.equal((await send(talkative, 'careful', token, logs)).status, 500)
      await knex.schema.renameTable('hidden', 'user_logs')

      talkative.child.kill('SIGTERM')
      t.equal(await talkative.ended, 0)
      const output = talkative.stdout() + talkative.stderr()
      t.match(output, /"level":50.*request failed/, 'the failure is told')
      t.match(output, /request refused/, 'the refusals are told')
      for (const text of [...Object.values(secret), token, wrong, apiKey, ...env.LOGGER_DB_PASSWORD ? [env.LOGGER_DB_PASSWORD] : []]) {
        t.notOk(output.includes(text), `tells ${text}: ${output.split('\n').find((line) => line.includes(text))}`)
      }
    })
  })

  t.test(`two servers that start at once on one empty ${database.name} database`, async (t) => {
    const options = await database.create(t)
    const servers = await Promise.all([1, 2].map(() => serve(t, ['--migrate'], { env: { ...environmentOf(options), LOGGER_API_KEY: apiKey } })))
    const token = await createUser(servers[0]!, 'denis')
    for (const served of servers) {
      t.equal((await send(served, 'denis', token, [log()])).status, 200)
      t.equal(served.stderr(), '')
    }
    const knex = openKnex(t, options)
    t.equal(await count(knex), 2)
    const names = await knex('loggerbot_migrations').pluck('name')
    t.equal(new Set(names).size, names.length)
  })
}

t.test('npm start takes flags', async (t) => {
  const port = await freePort()
  const file = join(temporaryFolder(t), 'a folder', 'logs.sqlite')
  const served = await startServed(t, 'npm', ['start', '--', '--port', String(port), `--db-file=${file}`])
  // npm starts a shell: it is the group's end that counts, which SIGTERM brings about.
  t.teardown(() => served.child.kill('SIGTERM'))
  t.equal(served.port, port)
  t.match(await http(port, 'GET', '/readyz'), { status: 200 })
  const next = printed(served.stdout(), 'next')
  t.equal(next, `npx loggerbot user add me --port=${port} --db-file='${file}'`)
  const added = await run('bash', ['-c', next])
  t.equal(added.code, 0, added.stderr)
  t.match(await run('bash', ['-c', printed(added.stdout, 'try it')]), { code: 0, stdout: /"code":200/ })
  served.child.kill('SIGTERM')
  await served.ended
})

t.test('serve --host=localhost --port --user --password is MySQL', async (t) => {
  const options = await emptyMysql(t)
  const login = await createLogin(t, `ALL ON ${options.database}.*`)
  const mine = { ...options, ...login }
  const port = await freePort()

  await t.test('and a login with rights on its own database only is enough', async (t) => {
    const flags = ['--host=localhost', `--port=${port}`, ...flagsOf(mine)]
    const served = await startServed(t, process.execPath, [program, 'serve', ...flags, '--migrate'], { env: { LOGGER_API_KEY: apiKey } })
    t.equal(served.port, port)
    t.match(served.stdout(), `MySQL ${mine.user}@${mine.host}:${mine.port}/${mine.database}`)
    t.notMatch(served.stdout(), mine.password)
    t.match((await fetch(`http://localhost:${port}/readyz`)).status, 200)

    const next = printed(served.stdout(), 'next')
    t.match(next, '--password="$LOGGER_DB_PASSWORD"')
    t.match(await run('bash', ['-c', next], { env: { LOGGER_DB_PASSWORD: mine.password } }), { code: 0, stdout: /^user me can send logs/ })
    served.child.kill('SIGTERM')
    t.equal(await served.ended, 0)
  })

  await t.test('and SELECT, INSERT, UPDATE and DELETE are enough to serve, but not to migrate', async (t) => {
    const least = { ...options, ...await createLogin(t, `SELECT, INSERT, UPDATE, DELETE ON ${options.database}.*`) }
    const served = await serve(t, [], { env: { ...environmentOf(least), LOGGER_API_KEY: apiKey } })
    const token = await createUser(served, 'denis')
    t.equal((await send(served, 'denis', token, [log()])).status, 200)

    const empty = await emptyMysql(t)
    const reader = await createLogin(t, `SELECT, INSERT, UPDATE, DELETE ON ${empty.database}.*`)
    isRefusal(t, await loggerbot(['migrate', ...flagsOf({ ...empty, ...reader })]), 1, /LOGGER_DB_USER \(--user\): "\w+" lacks a privilege.*GRANT/)
  })
})

t.test('settings: a flag goes before the environment, that before .env, that before the default', async (t) => {
  const cwd = temporaryFolder(t)
  const before = process.cwd()
  process.chdir(cwd)
  t.teardown(() => process.chdir(before))
  const used = async (args: string[] = [], env = {}) => /^SQLite (\S+) is up to date$/m.exec((await loggerbot(['migrate', ...args], { env })).stdout)?.[1]
  t.equal(await used(), 'data/loggerbot.sqlite')
  writeFileSync(join(cwd, '.env'), 'LOGGER_DB_FILE=dotenv.sqlite\nLOGGER_PORT=0\n')
  t.equal(await used(), 'dotenv.sqlite')
  t.equal(await used([], { LOGGER_DB_FILE: 'environment.sqlite' }), 'environment.sqlite')
  t.equal(await used(['--db-file=flag.sqlite'], { LOGGER_DB_FILE: 'environment.sqlite' }), 'flag.sqlite')
  for (const file of ['data/loggerbot.sqlite', 'dotenv.sqlite', 'environment.sqlite', 'flag.sqlite']) t.ok(readFileSync(join(cwd, file)).length > 0, file)

  const served = await startServed(t, process.execPath, [program, 'serve'], { cwd })
  t.match(served.stdout(), 'SQLite dotenv.sqlite')
  t.not(served.port, 5000)
})

t.test('the schema of a MySQL database', async (t) => {
  const options = await emptyMysql(t)
  const env = environmentOf(options)
  const knex = openKnex(t, options)
  const command = /run: npx loggerbot migrate \(or start with --migrate\)/

  await t.test('is a clear line naming the command while it is missing', async (t) => {
    for (const args of [['serve', '--port=0'], ['user', 'list']]) {
      const finished = await loggerbot(args, { env })
      isRefusal(t, finished, 1, /MySQL \S+: the database has no LoggerBot tables yet/)
      t.match(finished.stderr, command)
    }
    const [tables] = await knex.raw('SHOW TABLES')
    t.strictSame(tables, [], 'and nothing was made')
  })

  await t.test('is made by --migrate', async (t) => {
    const served = await serve(t, ['--migrate'], { env })
    t.match(await http(served.port, 'GET', '/readyz'), { status: 200 })
  })

  await t.test('is a clear line while it is older, which migrate mends', async (t) => {
    t.equal((await run(`${root}node_modules/.bin/knex`, ['migrate:down'], { env })).code, 0)
    const finished = await loggerbot(['serve', '--port=0'], { env })
    isRefusal(t, finished, 1, /the tables in the database are older than this version/)
    t.match(finished.stderr, command)
    t.match(await loggerbot(['migrate'], { env }), { code: 0, stdout: /^applied \w+\nMySQL / })
    await serve(t, [], { env })
  })

  await t.test('is a clear line while it is newer, for every command', async (t) => {
    await knex('loggerbot_migrations').insert({ name: '29990101000000_of_the_future', batch: 9, migration_time: '2020-01-01 00:00:00' })
    for (const args of [['serve', '--port=0'], ['serve', '--port=0', '--migrate'], ['migrate'], ['user', 'list']]) {
      await t.test(args.join(' '), async (t) => {
        isRefusal(t, await loggerbot(args, { env }), 1, /newer version of LoggerBot Server; update this one/)
      })
    }
  })
})

t.test('a newer SQLite file is a clear line, too', async (t) => {
  const options = await sqlite.create(t)
  const env = environmentOf(options)
  await loggerbot(['migrate'], { env })
  await openKnex(t, options)('loggerbot_migrations').insert({ name: '29990101000000_of_the_future', batch: 9 })
  isRefusal(t, await loggerbot(['serve', '--port=0'], { env }), 1, /newer version of LoggerBot Server; update this one/)
  isRefusal(t, await loggerbot(['user', 'list'], { env }), 1, /newer version/)
})

t.test('a database that cannot be used is exit code 1 and one line that names the setting', async (t) => {
  const options = await emptyMysql(t)
  const nobody = await createLogin(t)
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'folder'))
  writeFileSync(join(folder, 'text'), 'no database, but long enough to be taken for one'.repeat(100))
  const silent = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.teardown(() => silent.close())

  const refusals: Record<string, [flags: string[], line: RegExp]> = {
    'a wrong password': [flagsOf({ ...options, user: nobody.user, password: 'secret-wrong' }), /LOGGER_DB_USER, LOGGER_DB_PASSWORD \(--user, --password\): .* refuses the login of "\w+"/],
    'an unknown login': [flagsOf({ ...options, user: 'nobody_at_all', password: 'secret-wrong' }), /LOGGER_DB_USER, LOGGER_DB_PASSWORD \(--user, --password\)/],
    'a login without rights': [flagsOf({ ...options, ...nobody }), /LOGGER_DB_USER \(--user\): "\w+" lacks a privilege.*GRANT/],
    'a missing database': [flagsOf({ ...options, database: 'missing' }), /LOGGER_DB_NAME \(--db-name\): .* has no database "missing"; .*setup-database/],
    'no MySQL listening': [flagsOf({ ...options, port: await freePort() }), /LOGGER_DB_HOST, LOGGER_DB_PORT \(--db-host, --db-port\): no MySQL at 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/],
    'a host that is none': [flagsOf({ ...options, host: 'nowhere.invalid' }), /LOGGER_DB_HOST, LOGGER_DB_PORT.*nowhere\.invalid/],
    'a server that is no MySQL': [flagsOf({ ...options, port: (silent.address() as AddressInfo).port }), /LOGGER_DB_HOST, LOGGER_DB_PORT \(--db-host, --db-port\)/],
    'a folder for a file': [[`--db-file=${folder}/folder`], /LOGGER_DB_FILE \(--db-file\): \S+ can't be used as a database/],
    'a file in a file': [[`--db-file=${folder}/text/logs.sqlite`], /LOGGER_DB_FILE \(--db-file\)/],
    'a file in a folder that nobody may write': [['--db-file=/proc/logs.sqlite'], /LOGGER_DB_FILE \(--db-file\)/],
    'a file that is no database': [[`--db-file=${folder}/text`], /LOGGER_DB_FILE \(--db-file\): .*SQLITE_NOTADB/]
  }
  t.jobs = 4
  for (const [what, [flags, line]] of Object.entries(refusals)) {
    // The commands differ in whether they look at the schema or migrate it first.
    const migrates = /login|listening|no MySQL|no database/.test(what)
    for (const args of [['serve', '--port=0'], ...migrates ? [['migrate']] : []]) {
      t.test(`${args.join(' ')} with ${what}`, { buffered: true }, async (t) => {
        const finished = await loggerbot([...args, ...flags])
        isRefusal(t, finished, 1, line)
        t.notMatch(finished.stderr, 'secret-wrong')
      })
    }
  }
})

t.test('setup-database', async (t) => {
  const { host, port, user, password } = await mariadb.access()
  const newName = () => `setup_${randomBytes(6).toString('hex')}`

  for (const flag of ['--port', '--db-port']) {
    await t.test(`makes the database and its tables, ${flag} being MySQL's port, and twice is harmless`, async (t) => {
      const database = newName()
      t.teardown(() => administer(`DROP DATABASE IF EXISTS ${database}`))
      const login = await createLogin(t, `ALL ON ${database}.*`)
      const args = ['setup-database', `--user=${login.user}`, `--password=${login.password}`, `${flag}=${port}`, `--db-host=${host}`, `--db-name=${database}`]
      const where = `MySQL ${login.user}@${host}:${port}/${database}`
      t.match(await loggerbot(args), { code: 0, stdout: new RegExp(`^${where} is ready \\(\\d+ migrations applied\\)\n$`), stderr: '' })
      t.strictSame(await loggerbot(args), { code: 0, stdout: `${where} is ready (nothing to do)\n`, stderr: '' })
      await serve(t, [], { env: environmentOf({ host, port, database, ...login }) })
    })
  }

  await t.test('names the privilege that a login lacks', async (t) => {
    const login = await createLogin(t)
    isRefusal(t, await loggerbot(['setup-database', `--user=${login.user}`, `--password=${login.password}`, `--port=${port}`, `--db-host=${host}`, `--db-name=${newName()}`]), 1,
      new RegExp(`LOGGER_DB_USER \\(--user\\): "${login.user}" lacks a privilege.*GRANT ALL ON`))
  })

  await t.test('names the setting when the login is refused', async (t) => {
    isRefusal(t, await loggerbot(['setup-database', `--user=${user}`, `--password=${password}-wrong`, `--port=${port}`, `--db-host=${host}`]), 1, /LOGGER_DB_USER, LOGGER_DB_PASSWORD/)
  })

  await t.test('makes an embedded database where no login is given', async (t) => {
    const file = join(temporaryFolder(t), 'logs.sqlite')
    t.match(await loggerbot(['setup-database', `--db-file=${file}`]), { code: 0, stdout: `SQLite ${file} is ready` })
  })
})
