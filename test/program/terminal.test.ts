import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { hashCredential } from '../../src/authenticate/credential.ts'
import { contractToken } from '../../src/authenticate/token.ts'
import { main } from '../../src/cli.ts'
import { cleanEnvironment, loggerbot, loggerbotProcess, program, run, type Finished } from '../helpers/command.ts'
import { databases, environmentOf, openKnex, sqlite, temporaryFolder } from '../helpers/databases.ts'
import { post } from '../helpers/http.ts'
import { apiKey, basic, createUser, log, send, startService } from '../helpers/service.ts'

/** What must not come to a terminal as it is: C0 and C1, ESC, DEL, bidirectional controls, zero width and other format characters, separators of lines. */
const unsafe = [
  ...Array.from({ length: 0x20 }, (_, code) => code).filter((code) => code !== 9 && code !== 10), 0x7f, ...Array.from({ length: 0x20 }, (_, code) => 0x80 + code),
  0xad, 0x61c, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2060, 0x2066, 0x2067, 0x2068, 0x2069, 0xfeff, 0xfff9, 0xe0041
].map((code) => String.fromCodePoint(code))
const strange = unsafe.join('.')

function isSafe (t: Test, output: string, what: string): void {
  const raw = unsafe.filter((character) => output.replaceAll('\r\n', '\n').includes(character)).map((character) => character.codePointAt(0)!.toString(16))
  t.strictSame(raw, [], `${what} as they are`)
}

/** Runs a command whose standard output is a terminal. */
async function onTerminal (args: string[], env: Record<string, string>): Promise<Finished> {
  const stdout = Object.assign(new PassThrough(), { isTTY: true })
  const stderr = new PassThrough()
  const printed = Promise.all([text(stdout), text(stderr)])
  const code = await main(args, { stdin: Readable.from([]), stdout, stderr }, { ...cleanEnvironment(), ...env })
  stdout.end()
  stderr.end()
  const [out, err] = await printed
  return { code, stdout: out, stderr: err }
}

/** A server that answers everything so; it closes when the test ends. */
async function foreignServer (t: Test, answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

process.chdir(temporaryFolder(t))

for (const database of databases) {
  t.test(`What strangers wrote, on a terminal, on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const token = await createUser(service, 'alice')
    const { token: reader } = JSON.parse((await post(service.port, '/api/tokens', { name: 'cli', scopes: ['read'] }, basic('alice'))).body)
    const env = { ...environmentOf(service.options), LOGGER_SERVER: `http://127.0.0.1:${service.port}`, LOGGER_TOKEN: reader, HOME: process.cwd() }
    await send(service, 'alice', token, [log({ msg: strange, p_description: strange, order: strange, [`name ${strange}`]: 1 })], { p_name: strange })
    // As they could be made before there was a rule.
    const { id } = await service.knex('users').where('username', 'alice').first()
    await service.knex('users').insert({ username: 'al\u202e\u200bice', credential: 'x', tel_id: null, created_at: '2026-01-01 00:00:00.000000' })
    await service.knex('tokens').where('user_id', id).update({ name: `${unsafe.slice(0, 40).join('')}\nname` })
    await service.knex('dead_letters').insert({ id: '7', user_id: id, created_at: '2026-01-01 00:00:00.000000', source: 'json', record: strange, reason: strange })

    const commands = [
      ['search'], ['search', '--json'], ['export'], ['export', '--format=ndjson'], ['export', '--format=csv'], ['export', '--format=text'],
      ['user', 'list'], ['token', 'list', 'alice'], ['dead-letters', 'list'], ['retention', '--dry-run']
    ]
    for (const args of commands) {
      await t.test(`${args.join(' ')} spells it out`, async (t) => {
        const { code, stdout, stderr } = await onTerminal(args, env)
        t.strictSame([code, stderr], [0, ''])
        t.ok(stdout.length > 10)
        isSafe(t, stdout, 'it prints')
      })
    }

    await t.test('JSON keeps its value', async (t) => {
      for (const args of [['search', '--json'], ['export']]) {
        for (const { stdout } of [await onTerminal(args, env), await loggerbot(args, { env })]) {
          t.match(JSON.parse(stdout), { message: strange, process: strange, description: strange, attributes: { order: strange } })
        }
      }
      t.match(JSON.parse((await onTerminal(['dead-letters', 'list'], env)).stdout), { record: strange })
    })

    await t.test('where nobody looks, an export is exact', async (t) => {
      t.ok((await loggerbot(['export', '--format=csv'], { env })).stdout.includes(strange))
      t.ok((await loggerbot(['export'], { env })).stdout.includes('\u202e'))
    })

    await t.test('a token is one line of a list, whatever its name', async (t) => {
      t.equal((await onTerminal(['token', 'list', 'alice'], env)).stdout.trimEnd().split('\n').length, 2)
    })
  })

  t.test(`Names with characters that are not seen, on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    await createUser(service, 'alice')
    const make = (user: string) => post(service.port, '/create_user', { user, password: 'password', tel_id: '1' }, { 'x-api-key': apiKey })
    const env = environmentOf(service.options)

    for (const name of ['al\u202eice', 'al\u200bice', 'alice\u200d', 'a\u200dlice', 'al\u061cice', 'al\u2066ice', 'al\u00adice', 'م\u200c\u200cن']) {
      await t.test(`are refused for a new user: ${encodeURIComponent(name)}`, async (t) => {
        t.match(await make(name), { status: 400, body: '{"code":400,"message":"BadRequest"}', headers: { 'x-error-detail': /^user must be one word/ } })
        t.match(await loggerbot(['user', 'add', name], { env }), { code: 2, stderr: /^loggerbot: user must be one word[^\n]*\n$/ })
      })
    }
    for (const name of ['alíce', '名前', 'می\u200cخواهم', '👩\u200d💻', 'O\'Brien', '<b>']) {
      await t.test(`and not where they belong to a word: ${encodeURIComponent(name)}`, async (t) => {
        t.equal((await make(name)).status, 200)
        t.equal((await make(name)).status, 200)
      })
    }

    await t.test('do not shut out who has such a name already', async (t) => {
      const token = contractToken('old\u202e', 'password')
      await service.knex('users').insert({ username: 'old\u202e', credential: await hashCredential(token), tel_id: '1', created_at: '2026-01-01 00:00:00.000000' })
      t.equal((await make('old\u202e')).status, 200)
      t.equal((await send(service, 'old\u202e', token, [log()])).status, 200)
    })

    for (const name of ['\u001b]0;x\u0007', 'a\nb', 'a\u202eb', 'a\u200bb', '\u2028']) {
      await t.test(`are refused for a new token: ${encodeURIComponent(name)}`, async (t) => {
        t.equal((await post(service.port, '/api/tokens', { name, scopes: ['read'] }, basic('alice'))).status, 400)
        t.match(await loggerbot(['token', 'add', 'alice', name], { env }), { code: 2, stdout: '', stderr: /^loggerbot: NAME must be a text of 1 to 100 characters[^\n]*\n$/ })
      })
    }
  })
}

t.test('A foreign server', async (t) => {
  const entry = { id: '1', user: strange, at: strange, level: strange, process: strange, pid: strange, description: strange, message: strange, posted: strange, attributes: { [strange]: strange } }
  const body = JSON.stringify(entry)
  const answers: Record<string, (response: ServerResponse) => void> = {
    'that refuses': (response) => { response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ detail: `${strange}\nloggerbot: all is well` })) },
    'that refuses without a reason': (response) => { response.writeHead(500, 'caf\xe9 \x85\x9b31m').end() },
    'that answers no JSON': (response) => { response.end(`<html>${strange}`) },
    'that answers other JSON': (response) => { response.end(JSON.stringify({ strange })) },
    'that answers strange logs': (response) => { response.end(JSON.stringify({ logs: [entry, { ...entry, level: 'constructor' }, { ...entry, message: { strange }, pid: null }] })) },
    'that exports strange logs': (response) => { response.end(`${body}\n${strange}\n${strange}`) }
  }
  for (const [what, answer] of Object.entries(answers)) {
    await t.test(`${what} writes nothing on the terminal that is unsafe there`, async (t) => {
      const server = await foreignServer(t, (_request, response) => answer(response))
      for (const args of [['search'], ['search', '--json'], ['export'], ['export', '--format=csv'], ['export', '--format=text']]) {
        const { stdout, stderr } = await onTerminal([...args, `--server=${server}`], { HOME: process.cwd() })
        isSafe(t, stdout, `${args.join(' ')} prints`)
        isSafe(t, stderr, `${args.join(' ')} tells`)
        t.match(stderr, /^(loggerbot: [^\n]+\n)?$/)
      }
    })
  }

  await t.test('whose tail is strange writes nothing unsafe either', async (t) => {
    const server = await foreignServer(t, ({ url }, response) => {
      if (!url!.startsWith('/api/logs/tail')) return response.end('{"logs":[]}')
      response.write(`id: 1\nevent: log\ndata: ${body}\n\nid: 2\nevent: missed\ndata: ${JSON.stringify({ logs: strange })}\n\nid: 3\nevent: log\ndata: {\n\n`)
    })
    const { code, stdout, stderr } = await onTerminal(['tail', `--server=${server}`], { HOME: process.cwd() })
    t.equal(code, 1)
    t.match(stderr, /^loggerbot: [^\n]+ logs came faster than they were read\nloggerbot: [^\n]+\n$/)
    isSafe(t, stdout, 'it prints')
    isSafe(t, stderr, 'it tells')
  })
})

t.test('A token', async (t) => {
  const asked: Array<string | undefined> = []
  const server = await foreignServer(t, ({ headers }, response) => {
    asked.push(headers.authorization)
    response.end('{"logs":[]}')
  })
  const folder = temporaryFolder(t)
  const home = temporaryFolder(t)
  mkdirSync(join(home, '.config', 'loggerbot'), { recursive: true })
  const before = process.cwd()
  process.chdir(folder)
  t.teardown(() => process.chdir(before))
  const ofServer = `LOGGER_SERVER=${server}\n`
  const ofToken = 'LOGGER_TOKEN=lb_secret\n'

  interface Case { dotenv: string, file?: string, env?: Record<string, string>, flags?: string[], sent: boolean }
  const cases: Record<string, Case> = {
    'of the user\'s file is not sent to a server of .env': { dotenv: ofServer, file: ofToken, sent: false },
    'of the user\'s file, with a server there, is not sent to a server of .env': { dotenv: ofServer, file: `LOGGER_SERVER=http://127.0.0.1:1\n${ofToken}`, sent: false },
    'of the environment is not sent to a server of .env': { dotenv: ofServer, env: { LOGGER_TOKEN: 'lb_secret' }, sent: false },
    'of .env is sent to a server of .env': { dotenv: ofServer + ofToken, sent: true },
    'on the command line is sent to a server of .env': { dotenv: ofServer, flags: ['--token=lb_secret'], sent: true },
    'of the user\'s file is sent to a server on the command line': { dotenv: ofServer, file: ofToken, flags: [`--server=${server}`], sent: true },
    'of the user\'s file is sent to a server of the environment': { dotenv: '', file: ofToken, env: { LOGGER_SERVER: server }, sent: true },
    'of the user\'s file is sent to a server of that file': { dotenv: '', file: ofServer + ofToken, sent: true }
  }
  for (const [what, { dotenv, file = '', env = {}, flags = [], sent }] of Object.entries(cases)) {
    await t.test(what, async (t) => {
      writeFileSync(join(folder, '.env'), dotenv)
      writeFileSync(join(home, '.config', 'loggerbot', 'client.env'), file)
      asked.length = 0
      for (const command of ['search', 'export']) {
        const { code, stderr } = await loggerbot([command, ...flags], { env: { HOME: home, ...env } })
        t.equal(code, sent ? 0 : 1)
        t.match(stderr, sent ? /^$/ : /^loggerbot: \.env of this folder names the server http:\/\/127\.0\.0\.1:\d+, and your token is in .+: it is not sent there; name the server with --server, or give the token with --token\n$/)
        t.notMatch(stderr, 'lb_secret')
      }
      t.strictSame(asked, sent ? ['Bearer lb_secret', 'Bearer lb_secret'] : [])
    })
  }
})

t.test('What fails unexpectedly', async (t) => {
  const options = await sqlite.create(t)
  const env: Record<string, string> = environmentOf(options)
  await loggerbot(['migrate'], { env })
  const knex = openKnex(t, options)
  await knex.raw("CREATE TRIGGER refuse BEFORE INSERT ON users BEGIN SELECT RAISE(ABORT, 'refused by a trigger'); END")

  await t.test('is one line, without SQL, values or stack', async (t) => {
    const { code, stdout, stderr } = await loggerbot(['user', 'add', 'secretname'], { env })
    t.strictSame([code, stdout], [1, ''])
    t.match(stderr, /^loggerbot: the database failed \(SQLITE_CONSTRAINT_TRIGGER\)\n$/)
  })

  await t.test('is told with where it happened, still without SQL, when debugging', async (t) => {
    const { stderr } = await loggerbot(['user', 'add', 'secretname'], { env: { ...env, LOGGER_LOG_LEVEL: 'debug' } })
    t.match(stderr, /^loggerbot: the database failed \(SQLITE_CONSTRAINT_TRIGGER\)\nat /)
    t.notMatch(stderr, /insert into|secretname|scrypt/i)
  })

  await t.test('is one line where the output can\'t be written', async (t) => {
    t.match(await run('bash', ['-c', '"$0" "$1" --help > /dev/full', process.execPath, program]), { code: 1, stdout: '', stderr: /^loggerbot: the output can't be written \(ENOSPC\)\n$/ })
  })

  await t.test('is one line for every setting that is wrong', async (t) => {
    t.match(await loggerbotProcess(['serve', '--port=x'], { env: { LOGGER_LOG_LEVEL: 'loud' } }), { code: 2, stderr: /^loggerbot: LOGGER_PORT[^\n]*; LOGGER_LOG_LEVEL[^\n]*\n$/ })
  })
})

for (const [key, name, code, line] of [['\u0003', 'Ctrl-C', 130, ''], ['\u0004', 'Ctrl-D', 1, 'loggerbot: no password was given\n']] as const) {
  t.test(`${name} at the question for a password ends the command with ${code}`, async (t) => {
    const env = { ...cleanEnvironment(), ...environmentOf(await sqlite.create(t)), NODE: process.execPath, PROGRAM: program }
    // script gives the command a terminal.
    const child = spawn('script', ['--quiet', '--return', '--command', '"$NODE" "$PROGRAM" user add asked', '/dev/null'], { env })
    let shown = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      if (!shown.includes('generate one): ') && (shown + chunk).includes('generate one): ')) child.stdin.write(key)
      shown += chunk
    })
    const [ended] = await once(child, 'close')
    t.equal(ended, code, shown)
    t.equal(shown.replaceAll('\r', '').replace(/.*generate one\): /s, ''), `\n${line}`)
  })
}
