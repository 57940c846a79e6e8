// A TCP proxy between the service and its database that breaks connections as networks do.
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { freePort } from './ports.ts'
import { random, randomSize } from './random.ts'

/**
 * `pass`: everything goes through. `cut`: each connection breaks after a random number of bytes in either direction, often
 * within the answer to a COMMIT. `delay`: each piece is delayed. `hang`: nothing goes through, connections stay open.
 * `refuse`: the port is closed, open connections break. `lose`: requests arrive, and the connection breaks instead of an
 * answer.
 */
export type Mode = 'pass' | 'cut' | 'delay' | 'hang' | 'refuse' | 'lose'

type Direction = 'toServer' | 'toClient'

interface Pair {
  client: Socket
  server: Socket
  /** Bytes in each direction until the connection is cut. */
  left: Record<Direction, number>
  /** A COMMIT was sent to the server, and its answer is outstanding. */
  committing: boolean
  /** The answer to this COMMIT is to be cut. */
  doomed: boolean
}

/** On average, the answer to one of this many COMMITs is cut. */
const commitsPerCut = 10

export class Proxy {
  readonly host = '127.0.0.1'
  readonly port: number
  /** Maximum delay of a piece in mode `delay`, in ms. */
  slowness = 50
  /** Connections cut at a random byte; and those cut while the answer to a COMMIT was outstanding or in transit. */
  cuts = 0
  cutCommits = 0
  /** Connections accepted so far. */
  connections = 0
  readonly #target: number
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #mode: Mode = 'pass'
  /** Every piece waits for this while nothing goes through. */
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

/** Statements are long, and their answers short. */
function drawLeft (mode: Mode): Pair['left'] {
  if (mode !== 'cut') return { toServer: Infinity, toClient: Infinity }
  return { toServer: randomSize(10, 4_000_000), toClient: randomSize(10, 50_000) }
}

/** A COMMIT alone, or after other statements that were sent without waiting for answers. */
function endsInCommit (piece: Buffer): boolean {
  return /commit/i.test(piece.subarray(-16).toString('latin1'))
}

function write (to: Socket, piece: Buffer): Promise<void> {
  return new Promise((resolve, reject) => to.write(piece, (error) => error ? reject(error) : resolve()))
}
