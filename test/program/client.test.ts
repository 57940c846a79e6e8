import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loggerbot, program } from '../helpers/command.ts'
import { databases, temporaryFolder } from '../helpers/databases.ts'
import { post } from '../helpers/http.ts'
import { freePort } from '../helpers/ports.ts'
import { basic, createUser, log, send, startService } from '../helpers/service.ts'

// Between these commands and the database there is HTTP: one kind of it is enough.
for (const database of databases.slice(0, 1)) {
  t.test('searching in the terminal', async (t) => {
    const service = await startService(t, database)
    const token = await createUser(service, 'alice')
    const { token: reader } = JSON.parse((await post(service.port, '/api/tokens', { name: 'cli', scopes: ['read'] }, basic('alice'))).body)
    const cwd = temporaryFolder(t)
    process.chdir(cwd)
    const server = `http://127.0.0.1:${service.port}`
    const env = { LOGGER_SERVER: server, LOGGER_TOKEN: reader, HOME: cwd }
    const run = (...args: string[]) => loggerbot(args, { env })
    await send(service, 'alice', token, [
      log({ msg: 'first', level: 'info', event_at: '2026-01-01T00:00:01Z' }),
      log({ msg: 'second \u001b[31m', level: 'error', event_at: '2026-01-01T00:00:02Z' }),
      log({ msg: 'now', level: 'debug', event_at: new Date().toISOString() })
    ])

    await t.test('search prints the newest in the order in which they happened, safe for a terminal', async (t) => {
      t.match(await run('search', '--to=2026-01-02'), { code: 0, stderr: '', stdout: '2026-01-01T00:00:01.000000Z info process name[1]: first\n2026-01-01T00:00:02.000000Z error process name[1]: second \\x1b[31m\n' })
      t.match((await run('search', 'level:error', 'OR', 'now', '-n', '1')).stdout, /debug .*: now\n$/)
      t.match((await run('search', '--from', '-1h')).stdout, /^\S+ debug [^\n]*now\n$/)
      t.match(JSON.parse((await run('search', 'second', '--json')).stdout), { level: 'error', message: 'second \u001b[31m', user: 'alice' })
      t.match(await run('search', 'nowhere'), { code: 0, stdout: '' })
    })

    await t.test('export writes all, in any format', async (t) => {
      t.equal((await run('export', 'first', '--format', 'text')).stdout, '2026-01-01T00:00:01.000000Z info process name[1]: first\n')
      t.equal((await run('export')).stdout.trimEnd().split('\n').length, 3)
      t.equal((await run('export', '--columns', 'level,message', '--lines', '1', '--format', 'csv')).stdout, 'level,message\r\ninfo,first\r\n')
    })

    await t.test('tail begins with the last and follows', async (t) => {
      const child = spawn(process.execPath, [program, 'tail', 'level:>=info', '-n', '1'], { cwd, env: { ...process.env, ...env } })
      const ended = once(child, 'close')
      t.teardown(() => { child.kill() })
      let printed = ''
      child.stdout.setEncoding('utf8').on('data', (chunk) => { printed += chunk })
      const until = async (text: string) => { while (!printed.includes(text)) await once(child.stdout, 'data') }
      await until('second')
      await send(service, 'alice', token, [log({ msg: 'left out', level: 'debug' }), log({ msg: 'followed', level: 'warning' })])
      await until('followed')
      t.notMatch(printed, /first|left out/)
      child.kill('SIGINT')
      await ended
    })

    await t.test('server and token may stand in a file of the user, and a password in the address', async (t) => {
      const home = temporaryFolder(t)
      mkdirSync(join(home, '.config', 'loggerbot'), { recursive: true })
      writeFileSync(join(home, '.config', 'loggerbot', 'client.env'), `LOGGER_SERVER=${server}\nLOGGER_TOKEN=${reader}\n`)
      t.match((await loggerbot(['search', 'first'], { env: { HOME: home } })).stdout, 'first')
      t.match((await loggerbot(['search', 'first', `--server=${server.replace('//', '//alice:password@')}`], { env: { HOME: cwd } })).stdout, 'first')
    })

    const failures: Record<string, [args: string[], code: number, line: RegExp]> = {
      'a wrong token': [['search', '--token=wrong'], 1, /answered 401: .*give a token/],
      'a query that is none': [['search', '(('], 1, /answered 400: query: at 3: expected/],
      'no server': [['tail', `--server=http://127.0.0.1:${await freePort()}`], 1, /^loggerbot: no server answers at http:\/\/127\.0\.0\.1:\d+: ECONNREFUSED\n$/],
      'an address that is none': [['export', '--server=nowhere'], 1, /LOGGER_SERVER \(--server\) must be an address/],
      'a number that is none': [['search', '-n', 'many'], 2, /--lines must be a whole number/]
    }
    for (const [what, [args, code, line]] of Object.entries(failures)) {
      await t.test(`says in one line what is wrong with ${what}`, async (t) => {
        t.match(await run(...args), { code, stderr: line, stdout: '' })
      })
    }
  })
}
