import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Bench } from '../bench.ts'
import { underLoad } from '../load.ts'
import { figure, interleave, type Report } from '../measure.ts'
import { rssOf, type Service } from '../service.ts'

const idleConnections = 2000

/** Memory of the service: under full load, and for an idle connection. */
export async function memory (bench: Bench): Promise<Report[]> {
  const { folder, seconds } = bench
  const loaded = await bench.ours()
  // One round is enough: memory grows with time, and the tables of the other scenarios show it, too.
  const samples = await interleave({
    '30 logs': () => underLoad(loaded, { folder, logs: 30, seconds }),
    '1 log': () => underLoad(loaded, { folder, logs: 1, seconds })
  }, 1)
  await bench.endScenario()

  const idle: number[] = []
  for (let round = 0; round < bench.rounds; round++) {
    // A new process each time, because a process rarely returns memory to the system.
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
      { title: 'an idle connection, KB', values: idle, atMost: 12 }
    ]
  }]
}

/** Memory of a connection that made one request and then waits, as clients do between two posts. */
async function idleBytes ({ port, pid }: Service): Promise<number> {
  // The first connections of a process have a cost that occurs only once.
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
