import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { Datagrams } from './datagrams.ts'
import { Listener, readAhead } from './listener.ts'
import type { SyslogIntake } from './syslog-intake.ts'

export interface SyslogPortsOptions {
  /** Address or name to listen on. */
  host: string
  /** TCP and UDP port; 0 is neither. */
  port: number
  /** Whether the UDP port is read. */
  datagrams: boolean
  /** TLS port, with the certificate and the key in these PEM files. */
  tls?: { port: number, cert: string, key: string }
  /** Bytes of memory for datagrams that wait to be stored. */
  queueLimit: number
}

/** The ports of syslog: TCP, UDP and TLS. */
export class SyslogPorts {
  readonly #host: string
  readonly #port: number
  readonly #readsDatagrams: boolean
  readonly #tcp: Listener
  readonly #udp: Datagrams
  readonly #tls: { port: number, listener: Listener } | undefined

  /** Reads the certificate; throws if that fails. */
  constructor (intake: SyslogIntake, { host, port, datagrams, tls, queueLimit }: SyslogPortsOptions) {
    this.#host = host
    this.#port = port
    this.#readsDatagrams = datagrams
    const tcpServer = createServer(readAhead)
    this.#tcp = new Listener(tcpServer, (pieces, address) => intake.storeStream(pieces, address, 'tcp'))
    this.#udp = new Datagrams(queueLimit, (group) => intake.storeDatagrams(group), () => intake.noteOverflow())
    if (!tls) return
    const tlsServer = createTlsServer({ ...readAhead, cert: readFileSync(tls.cert), key: readFileSync(tls.key) })
    const listener = new Listener(tlsServer, (pieces, address) => intake.storeStream(pieces, address, 'tls'))
    this.#tls = { port: tls.port, listener }
  }

  /** Open connections of TCP and TLS. */
  get connections (): number {
    return this.#tcp.connections + (this.#tls?.listener.connections ?? 0)
  }

  /** Datagrams that the system dropped because they were not read in time; 0 if it does not count them. */
  get droppedDatagrams (): number {
    return this.#udp.dropped
  }

  /** Opens the ports; rejects if one can't be opened. */
  async listen (): Promise<void> {
    const { address } = await lookup(this.#host)
    if (this.#port > 0) {
      await this.#tcp.listen(address, this.#port)
      if (this.#readsDatagrams) await this.#udp.listen(address, this.#port)
    }
    await this.#tls?.listener.listen(address, this.#tls.port)
  }

  /** Closes the ports; resolves once what was received is stored. */
  async close (): Promise<void> {
    await Promise.all([this.#tcp.close(), this.#tls?.listener.close(), this.#udp.close()])
  }
}
