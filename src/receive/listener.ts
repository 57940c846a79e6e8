// Connections that only send. Each is read no faster than what came before is dealt with: the rest
// stays with the sender, and the number of connections bounds the memory.
import { once } from 'node:events'
import type { Server, Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'

/** How the server of a Listener has to be made: so many bytes of a connection are read ahead. */
export const readAhead = { highWaterMark: 128 * 1024 }

/** Connections at once, in all and from one address; one more is turned away. */
const maxConnections = 1000
const maxFromAddress = 250
/** Milliseconds that a connection may be silent: before its first byte, and after it. */
const maxSilence = { beforeFirst: 60_000, between: 60 * 60_000 }
/** A connection that was silent for so many milliseconds is asked whether it is still there. */
const keepAlive = 60_000
/** On closing a sender is read until it was silent for so long, and for so long at most, in milliseconds. */
const silence = 200
const farewell = 2000

interface Reception {
  /** What came is being dealt with: a silence is not the sender's. */
  busy: boolean
  done: Promise<void>
}

export class Listener {
  readonly #server: Server
  /** All that are open, also those whose handshake is under way. */
  readonly #open = new Set<Socket>()
  readonly #received = new Map<Socket, Reception>()
  /** How many are open, by address. */
  readonly #addresses = new Map<string, number>()

  /**
   * Hands on each connection as the pieces that it brings, the next one read when it is asked for;
   * one that breaks ends with an error. It is closed as soon as `receive`, which must not reject,
   * resolves.
   */
  constructor (server: Server, receive: (pieces: AsyncIterable<Buffer>, address: string) => Promise<void>, limits = maxSilence) {
    this.#server = server
    server.maxConnections = maxConnections
    server.on('connection', (socket: Socket) => {
      if (!this.#admit(socket)) return socket.destroy()
      this.#open.add(socket)
      socket.setTimeout(limits.beforeFirst)
      socket.setKeepAlive(true, keepAlive)
      socket.once('close', () => this.#open.delete(socket))
    })
    server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
      socket.on('error', () => {})
      if (socket.destroyed) return
      const reception: Reception = { busy: false, done: Promise.resolve() }
      this.#received.set(socket, reception)
      endSilent(socket, reception, limits)
      reception.done = receive(piecesOf(socket, reception), socket.remoteAddress ?? '').finally(() => {
        socket.destroy()
        this.#received.delete(socket)
      })
    })
  }

  get connections (): number {
    return this.#received.size
  }

  /** Rejects where it can't listen there. */
  async listen (host: string, port: number): Promise<void> {
    this.#server.listen({ host, port })
    await once(this.#server, 'listening')
  }

  /** Tells every sender to go elsewhere, and takes what they sent by then. */
  async close (): Promise<void> {
    this.#server.close()
    for (const [socket, reception] of this.#received) {
      socket.end()
      socket.setTimeout(silence).on('timeout', () => {
        if (reception.busy || socket.readableLength > 0) socket.setTimeout(silence)
        else socket.destroy()
      })
    }
    const cut = setTimeout(() => this.#destroy(), farewell)
    await Promise.all(Array.from(this.#received.values(), ({ done }) => done))
    clearTimeout(cut)
    this.#destroy()
  }

  /** False for a connection of an address that has too many. */
  #admit (socket: Socket): boolean {
    const address = socket.remoteAddress ?? ''
    const open = this.#addresses.get(address) ?? 0
    if (open >= maxFromAddress) return false
    this.#addresses.set(address, open + 1)
    socket.once('close', () => {
      const open = this.#addresses.get(address)! - 1
      if (open > 0) this.#addresses.set(address, open)
      else this.#addresses.delete(address)
    })
    return true
  }

  #destroy (): void {
    for (const socket of this.#open) socket.destroy()
  }
}

/** Ends a connection that says nothing for too long; while its logs are being stored the silence is ours. */
function endSilent (socket: Socket, reception: Reception, { beforeFirst, between }: typeof maxSilence): void {
  let silence = beforeFirst
  socket.setTimeout(silence, () => {
    if (reception.busy || socket.readableLength > 0) socket.setTimeout(silence)
    else socket.destroy()
  })
  socket.once('readable', () => {
    silence = between
    socket.setTimeout(silence)
  })
}

async function * piecesOf (socket: Socket, reception: Reception): AsyncGenerator<Buffer> {
  for await (const piece of socket as AsyncIterable<Buffer>) {
    reception.busy = true
    yield piece
    reception.busy = false
  }
}
