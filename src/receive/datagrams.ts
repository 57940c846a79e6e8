import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

export interface Datagram {
  bytes: Buffer
  /** By our clock, in milliseconds since 1970. */
  arrivedAt: number
  /** The sender's. */
  address: string
}

/** What is kept of datagrams that wait is bounded in bytes, of which each takes so many more than it has. */
const overhead = 200
/** A group has so many at most, and about so many bytes. */
const groupSize = 1000
const groupBytes = 1024 * 1024
/** The system is asked to keep so many bytes that were not read yet; it may allow for less. */
const systemBuffer = 1024 * 1024

/**
 * Datagrams, some hundred at a time: who sends them can't be told to wait, so what comes while too
 * many wait is lost, and counted.
 */
export class Datagrams {
  readonly #limit: number
  readonly #receive: (datagrams: Datagram[]) => Promise<void>
  readonly #onLost: () => void
  readonly #waiting: Datagram[] = []
  #socket: Socket | undefined
  #port = 0
  #bytes = 0
  #working: Promise<void> | undefined

  /** `limit` is in bytes of memory; `receive` must not reject; `onLost` is told of each datagram that finds no room. */
  constructor (limit: number, receive: (datagrams: Datagram[]) => Promise<void>, onLost: () => void) {
    this.#limit = limit
    this.#receive = receive
    this.#onLost = onLost
  }

  /** `address` is an IP address. Rejects where it can't listen there. */
  async listen (address: string, port: number): Promise<void> {
    const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: systemBuffer })
    this.#socket = socket
    this.#port = port
    socket.on('message', (bytes, { address }) => this.#take({ bytes, arrivedAt: Date.now(), address }))
    socket.bind({ port, address })
    await once(socket, 'listening')
    socket.on('error', () => {})
  }

  /** How many the system dropped because they were not read in time; 0 where it does not tell. */
  get dropped (): number {
    if (!this.#socket) return 0
    try {
      return ['/proc/self/net/udp', '/proc/self/net/udp6'].reduce((sum, file) => sum + dropsAt(this.#port, readFileSync(file, 'latin1')), 0)
    } catch {
      return 0
    }
  }

  /** Takes no more, and resolves once what waits is dealt with. */
  async close (): Promise<void> {
    this.#socket?.close()
    this.#socket = undefined
    await this.#working
  }

  #take (datagram: Datagram): void {
    const bytes = datagram.bytes.length + overhead
    if (this.#bytes + bytes > this.#limit) return this.#onLost()
    this.#bytes += bytes
    this.#waiting.push(datagram)
    this.#working ??= this.#work().finally(() => { this.#working = undefined })
  }

  async #work (): Promise<void> {
    while (this.#waiting.length > 0) {
      // Those that came with the first one are a group.
      await new Promise(setImmediate)
      const { group, bytes } = this.#takeGroup()
      await this.#receive(group)
      this.#bytes -= bytes
    }
  }

  #takeGroup (): { group: Datagram[], bytes: number } {
    let bytes = 0
    let length = 0
    while (length < Math.min(groupSize, this.#waiting.length) && bytes < groupBytes) bytes += this.#waiting[length++]!.bytes.length + overhead
    return { group: this.#waiting.splice(0, length), bytes }
  }
}

/**
 * The last column of Linux' tables of UDP sockets, for those on a port.
 * Source: man 5 proc, /proc/net/udp
 */
export function dropsAt (port: number, table: string): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table.split('\n').map((line) => line.trim().split(/\s+/))
    .filter(([, address]) => address?.endsWith(local))
    .reduce((sum, columns) => sum + Number(columns.at(-1)), 0)
}
