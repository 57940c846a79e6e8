import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { main } from '../../src/cli.ts'
import { loggerbot, program, run as shell } from '../helpers/command.ts'
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

    await t.test('a pid of 0 and a process that is not named are left out, and attributes are shown on request', async (t) => {
      await post(service.port, '/api/logs', '{"msg":"neither"}\n{"msg":"no pid","service":"shop","order":{"id":7,"note":"\u202e"}}', basic('alice'))
      t.match((await run('search', 'neither')).stdout, /^\S+Z info neither\n$/)
      t.match((await run('search', 'no pid')).stdout, /^\S+Z info shop: no pid\n$/)
      t.match((await run('search', 'no pid', '--attributes')).stdout, /^\S+Z info shop: no pid\n {4}\{"order":\{"id":7,"note":"\\u202e"\}\}\n$/)
      t.match((await run('export', 'no pid', '--format', 'text')).stdout, /^\S+Z info shop: no pid\n$/)
      await service.knex('user_logs').whereIn('log_msg', ['neither', 'no pid']).delete()
    })

    await t.test('levels are coloured where the output has colours', async (t) => {
      const colored = '2026-01-01T00:00:02.000000Z \u001b[31merror\u001b[39m process name[1]: second \\x1b[31m\n'
      const plain = colored.replace('\u001b[31merror\u001b[39m', 'error')
      for (const args of [['search', 'second'], ['export', 'second', '--format', 'text']]) {
        const inPipe = (await run(...args)).stdout
        const print = async (env: Record<string, string>, hasColors?: boolean) => {
          const stdout = Object.assign(new PassThrough(), hasColors !== undefined && { isTTY: true, hasColors: () => hasColors })
          const printed = text(stdout)
          await main(args, { stdin: Readable.from([]), stdout, stderr: new PassThrough() }, { LOGGER_SERVER: server, LOGGER_TOKEN: reader, HOME: cwd, ...env })
          stdout.end()
          return printed
        }
        t.equal(await print({}), inPipe)
        t.equal(await print({}, true), colored)
        t.equal(await print({}, false), plain)
        t.equal(await print({ NO_COLOR: '1' }, true), plain)
        t.match(await print({ NO_COLOR: '1', FORCE_COLOR: '1' }), ' \u001b[31merror\u001b[39m ')
        t.equal(await print({ FORCE_COLOR: '0' }, true), plain)
      }
    })

    await t.test('ends quietly with exit code 0 when its reader has gone', async (t) => {
      for (const args of ['search', 'search --json', 'export', 'export --format text', 'tail --lines 10']) {
        const { stdout, stderr } = await shell('bash', ['-c', `"$0" "$1" ${args} | true; echo "ended with $PIPESTATUS"`, process.execPath, program], { env, cwd })
        t.strictSame({ stdout, stderr }, { stdout: 'ended with 0\n', stderr: '' }, args)
      }
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
