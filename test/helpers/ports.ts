import { once } from 'node:events'
import { createServer } from 'node:net'
import { random } from './random.ts'

/**
 * A free port that stays free while nobody listens on it: below those that the system gives to
 * outgoing connections. From there a client that tries again and again while its server is down
 * would one day be given that very port, connect to itself, and keep the server from coming back.
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
