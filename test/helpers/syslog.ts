import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createSocket } from 'node:dgram'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { until } from './until.ts'
import { root } from './command.ts'
import { temporaryFolder, type TestDatabase } from './databases.ts'
import { http } from './http.ts'
import { freePort } from './ports.ts'
import { count, createUser, startService, type ServiceOptions, type TestService } from './service.ts'

/** Runs a program that reads no input; rejects when it fails. */
export const execute = promisify(execFile)

export interface SyslogService extends TestService {
  /** Port of TCP and UDP. */
  syslogPort: number
}

/** A service with syslog and the users alice, the owner of messages without a token, and bob. */
export async function startSyslog (t: Test, database: TestDatabase, { settings, ...options }: ServiceOptions = {}): Promise<SyslogService> {
  const syslogPort = await freePort()
  const service = await startService(t, database, { ...options, settings: { LOGGER_SYSLOG_PORT: String(syslogPort), LOGGER_SYSLOG_USER: 'alice', ...settings } })
  for (const user of ['alice', 'bob']) await createUser(service, user)
  return { ...service, syslogPort }
}

export function untilStored (service: TestService, logs: number): Promise<unknown> {
  return until(`${logs} logs are stored`, async () => await count(service.knex) >= logs)
}

/** A figure of /metrics, by its name without the prefix of syslog. */
export async function metric ({ port }: { port: number }, name: string): Promise<number> {
  const { body } = await http(port, 'GET', '/metrics')
  return Number(new RegExp(`^loggerbot_syslog_${name.replaceAll(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(body)![1])
}

export async function openTcp (t: Test, port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket.on('error', () => {})
}

export async function sendUdp (port: number, ...messages: Array<string | Buffer>): Promise<void> {
  const socket = createSocket('udp4')
  for (const message of messages) await new Promise((resolve) => socket.send(message, port, '127.0.0.1', resolve))
  socket.close()
}

/** An example of docs/syslog.md by its language, with the values of this test. */
export function documented (language: string, replacements: Record<string, string>): string {
  const [, text] = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'm').exec(readFileSync(`${root}docs/syslog.md`, 'utf8'))!
  return Object.entries(replacements).reduce((text, [example, real]) => {
    if (!text.includes(example)) throw new Error(`docs/syslog.md does not have ${example} in its ${language}`)
    return text.replaceAll(example, real)
  }, text!)
}

/** Starts rsyslogd with this configuration. Resolves to a function that sends lines through it, by logger(1). */
export async function startRsyslog (t: Test, forwarding: string): Promise<(lines: string[]) => Promise<void>> {
  const folder = temporaryFolder(t)
  const socket = join(folder, 'log')
  const config = join(folder, 'rsyslog.conf')
  writeFileSync(config, `
global(workDirectory="${folder}")
module(load="imuxsock" sysSock.use="off")
input(type="imuxsock" socket="${socket}")
${forwarding}
`)
  const child = spawn('rsyslogd', ['-n', '-f', config, '-i', join(folder, 'pid')], { stdio: 'ignore', env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } })
  const ended = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await until('rsyslogd listens', () => existsSync(socket))
  return async (lines) => {
    const file = join(folder, 'lines')
    writeFileSync(file, `${lines.join('\n')}\n`)
    await execute('logger', ['--socket', socket, '--tag', 'shop', '--file', file])
  }
}
