// A TCP proxy that stands between the service and its database and does to their connections
// what networks do.
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { freePort } from './ports.ts'
import { random, randomSize } from './random.ts'

/**
 * `pass`: all as it should be. `cut`: each connection breaks after a random number of bytes in either
 * direction, often within the answer to a COMMIT. `delay`: each piece takes its time. `hang`: nothing
 * goes through, and nobody is told. `refuse`: nobody listens, and what was open breaks. `lose`: what goes to the server arrives,
 * and the connection breaks in the place of an answer.
 */
export type Mode = 'pass' | 'cut' | 'delay' | 'hang' | 'refuse' | 'lose'

type Direction = 'toServer' | 'toClient'

interface Pair {
  client: Socket
  server: Socket
  /** How many bytes may still go each way before the connection is cut. */
  left: Record<Direction, number>
  /** A COMMIT went to the server, and its answer has not come back. */
  committing: boolean
  /** The answer to this COMMIT is the one to be cut. */
  doomed: boolean
}

/** Of so many COMMITs the answer to one, on average, is cut. */
const commitsPerCut = 10

export class Proxy {
  readonly host = '127.0.0.1'
  readonly port: number
  /** In milliseconds, what `delay` adds to each piece at most. */
  slowness = 50
  /** How many connections were cut at a random byte; and how many while the answer to a COMMIT was awaited or under way. */
  cuts = 0
  cutCommits = 0
  /** How many connections were made. */
  connections = 0
  readonly #target: number
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #mode: Mode = 'pass'
  /** What every piece waits for while nothing goes through. */
  #gate = Promise.resolve()
  #openGate = () => {}

  /** Starts a proxy to this port of this machine; it ends with the test. */
  static async start (t: Test, target: number): Promise<Proxy> {
    const proxy = new Proxy(target, await freePort())
    await proxy.#listen()
    t.teardown(() => proxy.setMode('refuse'))
    return proxy
  }

  private constructor (target: number, port: number) {
    this.#target = target
    this.port = port
    this.#server = createServer((client) => this.#join(client))
  }

  async setMode (mode: Mode): Promise<void> {
    const before = this.#mode
    this.#mode = mode
    this.#openGate()
    if (mode === 'hang') this.#gate = new Promise((resolve) => { this.#openGate = resolve })
    for (const pair of this.#pairs) pair.left = drawLeft(mode)
    if (mode === 'refuse' && before !== 'refuse') {
      const closed = once(this.#server, 'close')
      this.#server.close()
      for (const pair of this.#pairs) this.#break(pair)
      await closed
    }
    if (mode !== 'refuse' && before === 'refuse') await this.#listen()
  }

  async #listen (): Promise<void> {
    this.#server.listen(this.port, this.host)
    await once(this.#server, 'listening')
  }

  #join (client: Socket): void {
    this.connections++
    const server = connect({ host: this.host, port: this.#target, noDelay: true })
    client.setNoDelay(true)
    const pair: Pair = { client, server, left: drawLeft(this.#mode), committing: false, doomed: false }
    this.#pairs.add(pair)
    for (const socket of [client, server]) {
      socket.on('error', () => this.#break(pair))
      socket.on('close', () => this.#break(pair))
    }
    this.#pump(pair, 'toServer').catch(() => this.#break(pair))
    this.#pump(pair, 'toClient').catch(() => this.#break(pair))
  }

  async #pump (pair: Pair, direction: Direction): Promise<void> {
    const [from, to] = direction === 'toServer' ? [pair.client, pair.server] : [pair.server, pair.client]
    for await (const piece of from as AsyncIterable<Buffer>) {
      await this.#gate
      if (this.#mode === 'delay') await delay(random(0, this.slowness))

      if (direction === 'toServer' && endsInCommit(piece)) {
        pair.committing = true
        pair.doomed = this.#mode === 'cut' && random(1, commitsPerCut) === 1
      }
      if (direction === 'toClient' && this.#mode === 'lose') return this.#break(pair)
      let allowed = pair.left[direction]
      if (direction === 'toClient' && pair.doomed) allowed = random(0, piece.length - 1)
      if (piece.length > allowed) {
        if (allowed > 0) await write(to, piece.subarray(0, allowed))
        this.cuts++
        if (pair.committing) this.cutCommits++
        return this.#break(pair)
      }
      pair.left[direction] -= piece.length
      await write(to, piece)
      if (direction === 'toClient') pair.committing = false
    }
    to.end()
  }

  #break (pair: Pair): void {
    if (!this.#pairs.delete(pair)) return
    pair.client.destroy()
    pair.server.destroy()
  }
}

/** Statements are long and their answers short. */
function drawLeft (mode: Mode): Pair['left'] {
  if (mode !== 'cut') return { toServer: Infinity, toClient: Infinity }
  return { toServer: randomSize(10, 4_000_000), toClient: randomSize(10, 50_000) }
}

/** A COMMIT on its own, or behind other statements that were sent without waiting for their answers. */
function endsInCommit (piece: Buffer): boolean {
  return /commit/i.test(piece.subarray(-16).toString('latin1'))
}

function write (to: Socket, piece: Buffer): Promise<void> {
  return new Promise((resolve, reject) => to.write(piece, (error) => error ? reject(error) : resolve()))
}
