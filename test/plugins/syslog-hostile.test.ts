import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { Listener } from '../../src/receive/listener.ts'
import { databases } from '../helpers/databases.ts'
import { stored } from '../helpers/service.ts'
import { metric, openTcp, startSyslog, untilStored } from '../helpers/syslog.ts'
import { until } from '../helpers/until.ts'

for (const database of databases) {
  t.test(`Syslog by TCP on ${database.name}`, async (t) => {
    const service = await startSyslog(t, database)

    await t.test('a poisonous message costs itself alone, and is counted', async (t) => {
      const socket = await openTcp(t, service.syslogPort)
      const tokens = (count: number) => `<13>1 - - - - - [loggerbot ${'token="x" '.repeat(count)}] wrong token\n`
      const parameters = `<13>1 - - - - - [a${' b=""'.repeat(1_000_001)}] too much\n`
      socket.write(`<13>before\n${tokens(140_000)}<13>between\n${parameters}<13>after\n`)
      await untilStored(service, 3)
      t.strictSame((await stored(service.knex)).map(({ log_msg: message }) => message).sort(), ['after', 'before', 'between'])
      t.equal(await metric(service, 'lost_total{reason="unknown"}'), 1)
      t.equal(await metric(service, 'lost_total{reason="malformed"}'), 1)
    })
  })
}

t.test('Listener', async (t) => {
  await t.test('ends a connection that is silent for too long', async (t) => {
    const { listener, port } = await startListener(t, { beforeFirst: 20, between: 20 })
    for (const words of ['', 'words']) {
      const socket = connect({ port, host: '127.0.0.1' })
      socket.write(words)
      await once(socket.resume().on('error', () => {}), 'close')
    }
    await until('none is open', () => listener.connections === 0)
  })

  await t.test('takes 250 connections of an address, and others again once they are closed', async (t) => {
    const { listener, port } = await startListener(t)
    const open = Array.from({ length: 250 }, () => connect({ port, host: '127.0.0.1' }).on('error', () => {}))
    await until('all are open', () => listener.connections === 250)
    const oneMore = connect({ port, host: '127.0.0.1' }).on('error', () => {})
    await once(oneMore.resume(), 'close')
    for (const socket of open) socket.destroy()
    await until('all are closed', () => listener.connections === 0)
    const next = connect({ port, host: '127.0.0.1' }).on('error', () => {})
    await until('the next is open', () => listener.connections === 1)
    next.destroy()
  })
})

async function startListener (t: Test, limits?: { beforeFirst: number, between: number }): Promise<{ listener: Listener, port: number }> {
  const server = createServer()
  const listener = new Listener(server, readAll, limits)
  await listener.listen('127.0.0.1', 0)
  t.teardown(() => listener.close())
  return { listener, port: (server.address() as AddressInfo).port }
}

async function readAll (pieces: AsyncIterable<Buffer>): Promise<void> {
  try {
    await text(pieces)
  } catch {
    // It broke.
  }
}
