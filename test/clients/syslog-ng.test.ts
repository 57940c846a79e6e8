// syslog-ng with the configurations of docs/syslog.md.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { databases, temporaryFolder } from '../helpers/databases.ts'
import { freePort } from '../helpers/ports.ts'
import { arrived, createToken } from '../helpers/service.ts'
import { documented, openTcp, startSyslog, untilStored } from '../helpers/syslog.ts'
import { until } from '../helpers/until.ts'

/** The folder into which test/install-syslog-ng.sh unpacks it, with its libraries. */
const unpacked = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'loggerbot-test/syslog-ng')
const missing = existsSync(join(unpacked, 'usr/sbin/syslog-ng')) ? false : 'NOT TESTED: syslog-ng is not there: run bash test/install-syslog-ng.sh, on Debian of amd64'

/** Starts it with this configuration and a source `s_src`. Resolves to a function that sends lines to it, over TCP. */
async function startSyslogNg (t: Test, config: string): Promise<(lines: string[]) => Promise<unknown>> {
  const folder = temporaryFolder(t)
  const file = (name: string) => join(folder, name)
  const port = await freePort()
  const version = readdirSync(join(unpacked, 'usr/lib/syslog-ng')).find((name) => /^\d/.test(name))!
  const modules = join(unpacked, 'usr/lib/syslog-ng', version)
  writeFileSync(file('conf'), `@version: ${version}
options { keep-hostname(yes); stats-freq(0); };
source s_src { network(ip("127.0.0.1") port(${port})); };
${config.replaceAll('disk-buffer(', `disk-buffer(dir("${folder}") `)}
`)
  const linker = ['lib64', 'usr/lib64'].map((name) => join(unpacked, name, 'ld-linux-x86-64.so.2')).find((path) => existsSync(path))!
  const libraries = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu', 'usr/lib/syslog-ng'].map((name) => join(unpacked, name))
  const child = spawn(linker, [
    '--library-path', [...libraries, modules].join(':'), join(unpacked, 'usr/sbin/syslog-ng'), '--foreground', '--stderr', '--no-caps', `--module-path=${modules}`,
    `--cfgfile=${file('conf')}`, `--persist-file=${file('persist')}`, `--control=${file('control')}`, `--pidfile=${file('pid')}`
  ], { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await until('syslog-ng listens', async () => {
    if (child.exitCode !== null) throw new Error(`syslog-ng ended with exit code ${child.exitCode}`)
    return openTcp(t, port).then((socket) => socket.destroy(), () => false)
  })
  return async (lines) => {
    const socket = await openTcp(t, port)
    socket.resume().end(lines.map((line) => `${line}\n`).join(''))
    await once(socket, 'close')
  }
}

for (const database of databases) {
  t.test(`syslog-ng's messages arrive in order, by HTTP and by its own protocol, on ${database.name}`, { skip: missing }, async (t) => {
    const service = await startSyslog(t, database)
    const { knex, port, syslogPort } = service
    const log = await startSyslogNg(t, [
      documented('syslog-ng', { '127.0.0.1:5000': `127.0.0.1:${port}`, lb_TOKEN: await createToken(service, 'alice'), 'batch-timeout(1000)': 'batch-timeout(100)' }),
      documented('syslog-ng-syslog', { 5514: String(syslogPort), lb_TOKEN: await createToken(service, 'bob') })
    ].join('\n'))
    await log([
      '<134>2026-11-20T10:15:00.123456+01:00 web1 shop[12]: order paid',
      '<132>2026-11-20T10:15:01+01:00 web1 shop[12]: Привет 🙂 "quoted" C:\\temp',
      '<11>2026-11-20T10:15:02+01:00 web2 cron: failed'
    ])
    await untilStored(service, 6)
    for (const user of ['alice', 'bob']) {
      const { id } = await knex('users').where('username', user).first()
      t.match(await arrived(knex, { user_id: id }), [
        { at: '2026-11-20 09:15:00.123456', level: 'info', process: 'shop', pid: 12, message: 'order paid', attributes: { host: 'web1', facility: 'local0', pid: undefined } },
        { at: '2026-11-20 09:15:01.000000', level: 'warning', process: 'shop', pid: 12, message: 'Привет 🙂 "quoted" C:\\temp', attributes: { host: 'web1' } },
        { at: '2026-11-20 09:15:02.000000', level: 'error', process: 'cron', pid: 0, message: 'failed', attributes: { host: 'web2', facility: 'user', pid: undefined } }
      ], user)
    }
    t.notMatch(JSON.stringify(await knex('user_logs')), /lb_/)
  })
}
