// Connections that only send. Each is read no faster than what it sent before is stored: the rest stays with the
// sender, so the number of connections bounds the memory.
import { once } from 'node:events'
import type { Server, Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'

/** Options for the server of a Listener: bytes of a connection that are read ahead. */
export const readAhead = { highWaterMark: 128 * 1024 }

/** Concurrent connections, in all and from one address; further ones are refused. */
const maxConnections = 1000
const maxConnectionsOfAddress = 250
/** Milliseconds that a connection may be silent: before its first byte, and between later ones. */
const maxSilenceMs = { beforeFirst: 60_000, between: 60 * 60_000 }
/** Silence after which the system probes whether the sender still exists. */
const keepAliveMs = 60_000
/** On closing, a sender is read until it is silent for `closingSilenceMs`, and for `maxClosingMs` in all. */
const closingSilenceMs = 200
const maxClosingMs = 2000

interface Reception {
  /** A piece is being stored: the silence is ours, not the sender's. */
  isBusy: boolean
  done: Promise<void>
}

type Receive = (pieces: AsyncIterable<Buffer>, address: string) => Promise<void>

/** Accepts connections, and hands on each as an iteration over the pieces that it sends. */
export class Listener {
  readonly #server: Server
  /** All open connections, including those with a handshake under way. */
  readonly #open = new Set<Socket>()
  readonly #received = new Map<Socket, Reception>()
  /** Number of open connections, by address. */
  readonly #addresses = new Map<string, number>()

  /**
   * Calls `receive` for each connection, which is closed when that resolves; it must not reject.
   *
   * A piece is read when the iteration asks for it; a broken connection throws an error there.
   */
  constructor (server: Server, receive: Receive, silenceMs = maxSilenceMs) {
    this.#server = server
    server.maxConnections = maxConnections
    server.on('connection', (socket: Socket) => {
      if (!this.#admit(socket)) return socket.destroy()
      this.#open.add(socket)
      socket.setTimeout(silenceMs.beforeFirst)
      socket.setKeepAlive(true, keepAliveMs)
      socket.once('close', () => this.#open.delete(socket))
    })
    server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
      socket.on('error', () => {})
      if (socket.destroyed) return
      const reception: Reception = { isBusy: false, done: Promise.resolve() }
      this.#received.set(socket, reception)
      endSilent(socket, reception, silenceMs)
      reception.done = receive(piecesOf(socket, reception), socket.remoteAddress ?? '').finally(() => {
        socket.destroy()
        this.#received.delete(socket)
      })
    })
  }

  /** Number of connections that are being read. */
  get connections (): number {
    return this.#received.size
  }

  /** Opens the port; rejects if that fails. */
  async listen (host: string, port: number): Promise<void> {
    this.#server.listen({ host, port })
    await once(this.#server, 'listening')
  }

  /** Ends every connection from our side, and resolves once what was sent by then is handed on. */
  async close (): Promise<void> {
    this.#server.close()
    for (const [socket, reception] of this.#received) {
      socket.end()
      socket.setTimeout(closingSilenceMs).on('timeout', () => {
        if (reception.isBusy || socket.readableLength > 0) socket.setTimeout(closingSilenceMs)
        else socket.destroy()
      })
    }
    const timer = setTimeout(() => this.#destroyAll(), maxClosingMs)
    await Promise.all(Array.from(this.#received.values(), ({ done }) => done))
    clearTimeout(timer)
    this.#destroyAll()
  }

  /** Counts a connection; false if its address has too many. */
  #admit (socket: Socket): boolean {
    const address = socket.remoteAddress ?? ''
    const open = this.#addresses.get(address) ?? 0
    if (open >= maxConnectionsOfAddress) return false
    this.#addresses.set(address, open + 1)
    socket.once('close', () => {
      const left = (this.#addresses.get(address) ?? 0) - 1
      if (left > 0) this.#addresses.set(address, left)
      else this.#addresses.delete(address)
    })
    return true
  }

  #destroyAll (): void {
    for (const socket of this.#open) socket.destroy()
  }
}

/** Destroys a connection that is silent for too long, unless its logs are being stored. */
function endSilent (socket: Socket, reception: Reception, { beforeFirst, between }: typeof maxSilenceMs): void {
  let timeoutMs = beforeFirst
  socket.setTimeout(timeoutMs, () => {
    if (reception.isBusy || socket.readableLength > 0) socket.setTimeout(timeoutMs)
    else socket.destroy()
  })
  socket.once('readable', () => {
    timeoutMs = between
    socket.setTimeout(timeoutMs)
  })
}

async function * piecesOf (socket: Socket, reception: Reception): AsyncGenerator<Buffer> {
  for await (const piece of socket as AsyncIterable<Buffer>) {
    reception.isBusy = true
    yield piece
    reception.isBusy = false
  }
}
