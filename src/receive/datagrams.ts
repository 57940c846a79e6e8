import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { SyslogMessage } from '../model/syslog.ts'

/** Memory that a waiting datagram takes beside its bytes. */
const overheadBytes = 200
/** Datagrams and approximate bytes of a group. */
const maxGroupSize = 1000
const maxGroupBytes = 1024 * 1024
/** Bytes of unread datagrams that the system is asked to buffer; it may allow fewer. */
const systemBufferBytes = 1024 * 1024

/**
 * Receives datagrams and hands them on in groups of some hundred.
 *
 * The sender of a datagram can't be told to wait, so one that arrives while too many wait is lost, and counted.
 */
export class Datagrams {
  readonly #limit: number
  readonly #receive: (datagrams: SyslogMessage[]) => Promise<void>
  readonly #onLost: () => void
  readonly #waiting: SyslogMessage[] = []
  #socket: Socket | undefined
  #port = 0
  #bytes = 0
  #handingOn: Promise<void> | undefined

  /** `limit` is in bytes of memory; `receive` must not reject; `onLost` is called for each datagram past the limit. */
  constructor (limit: number, receive: (datagrams: SyslogMessage[]) => Promise<void>, onLost: () => void) {
    this.#limit = limit
    this.#receive = receive
    this.#onLost = onLost
  }

  /** Opens the port on an IP address; rejects if that fails. */
  async listen (address: string, port: number): Promise<void> {
    const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: systemBufferBytes })
    this.#socket = socket
    this.#port = port
    socket.on('message', (bytes, { address }) => this.#add({ bytes, arrivedAt: Date.now(), address }))
    socket.bind({ port, address })
    await once(socket, 'listening')
    socket.on('error', () => {})
  }

  /** Datagrams that the system dropped because they were not read in time; 0 if it does not count them. */
  get dropped (): number {
    if (!this.#socket) return 0
    try {
      const tables = ['/proc/self/net/udp', '/proc/self/net/udp6'].map((file) => readFileSync(file, 'latin1'))
      return tables.reduce((sum, table) => sum + countDrops(this.#port, table), 0)
    } catch {
      return 0
    }
  }

  /** Closes the port; resolves once the waiting datagrams are handed on. */
  async close (): Promise<void> {
    this.#socket?.close()
    this.#socket = undefined
    await this.#handingOn
  }

  #add (datagram: SyslogMessage): void {
    const bytes = datagram.bytes.length + overheadBytes
    if (this.#bytes + bytes > this.#limit) return this.#onLost()
    this.#bytes += bytes
    this.#waiting.push(datagram)
    this.#handingOn ??= this.#handOn().finally(() => { this.#handingOn = undefined })
  }

  async #handOn (): Promise<void> {
    while (this.#waiting.length > 0) {
      // Datagrams that arrived together with the first become one group.
      await new Promise(setImmediate)
      const { group, bytes } = this.#nextGroup()
      await this.#receive(group)
      this.#bytes -= bytes
    }
  }

  /** Removes the next group from the queue. */
  #nextGroup (): { group: SyslogMessage[], bytes: number } {
    let bytes = 0
    let length = 0
    for (const datagram of this.#waiting) {
      if (length >= maxGroupSize || bytes >= maxGroupBytes) break
      bytes += datagram.bytes.length + overheadBytes
      length++
    }
    return { group: this.#waiting.splice(0, length), bytes }
  }
}

/**
 * Adds up the dropped datagrams of a port: the last column of Linux' table of UDP sockets.
 *
 * Source: man 5 proc, /proc/net/udp
 */
export function countDrops (port: number, table: string): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table.split('\n').map((line) => line.trim().split(/\s+/))
    .filter(([, address]) => address?.endsWith(local))
    .reduce((sum, columns) => sum + Number(columns.at(-1)), 0)
}
