import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Bench } from '../bench.ts'
import { underLoad } from '../load.ts'
import { figure, interleave, type Report } from '../measure.ts'
import { rssOf, type Service } from '../service.ts'

const idleConnections = 2000

/** What the service's process holds: under full load, and for a client that is connected and silent. */
export async function memory (bench: Bench): Promise<Report[]> {
  const { folder, seconds } = bench
  const loaded = await bench.ours()
  // One round: memory grows with the time, and the tables of all other benches show it, too.
  const samples = await interleave({
    '30 logs': () => underLoad(loaded, { folder, logs: 30, seconds }),
    '1 log': () => underLoad(loaded, { folder, logs: 1, seconds })
  }, 1)
  await bench.endScenario()

  const idle: number[] = []
  for (let round = 0; round < bench.rounds; round++) {
    // A new process each time: what it once took from the system it seldom gives back.
    idle.push(await idleBytes(await bench.ours()) / 1000)
    await bench.endScenario()
  }
  return [{
    name: 'memory',
    title: `resident memory under full load, 64 connections, and of ${idleConnections} idle keep-alive connections`,
    samples,
    findings: [
      figure(samples, '30 logs', 'rss', { atMost: 150 }),
      figure(samples, '1 log', 'rss', { atMost: 150 }),
      { what: 'an idle connection, KB', values: idle, atMost: 12 }
    ]
  }]
}

/** What a connection costs that made one request and then waits, as clients between two posts do. */
async function idleBytes ({ port, pid }: Service): Promise<number> {
  // First what the first connections of a process cost, and never again.
  await closeAll(await openAll(port, idleConnections / 10))
  await delay(1000)
  const before = rssOf(pid)
  const sockets = await openAll(port, idleConnections)
  await delay(1000)
  const after = rssOf(pid)
  await closeAll(sockets)
  return (after - before) / idleConnections
}

async function openAll (port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) sockets.push(...await Promise.all(Array.from({ length: 100 }, () => open(port))))
  return sockets
}

async function open (port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port })
  socket.write('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  await once(socket, 'data')
  return socket
}

async function closeAll (sockets: Socket[]): Promise<void> {
  await Promise.all(sockets.map((socket) => once(socket.destroy(), 'close')))
}
