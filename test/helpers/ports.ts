import { once } from 'node:events'
import { createServer } from 'node:net'
import { random } from './random.ts'

/**
 * A free port that stays free, below those for outgoing connections. From that range, a client that retries while its
 * server is down could be given the server's port, connect to itself, and keep the server from starting.
 */
export async function freePort (): Promise<number> {
  for (;;) {
    const port = random(15_000, 32_000)
    const server = createServer()
    try {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    } catch {
      continue
    }
    server.close()
    await once(server, 'close')
    return port
  }
}
