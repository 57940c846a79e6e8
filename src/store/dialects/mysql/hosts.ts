// Several servers of one cluster, of which one is used at a time: for writing, reading, leases and the feed alike,
// because what one node has committed may be visible on another one only later.
//
//   no server  → the first of the list that is fit                      → active
//   active     → not fit any more (refuses, hangs, lost its role)       → its connections break; the next fit one
//              → one before it in the list was fit for some seconds     → that one; connections move when they are idle
//   no server is fit → NoDatabaseHost: logs go to the spool
//
// Each connection is checked on its own session before it is used; besides, each server is checked twice a second.
import { connect, type Socket } from 'node:net'
import type { ConnectionOptions } from 'mysql2'
import { DatabaseHostLeft, NoDatabaseHost } from '../../../errors.ts'
import type { DatabaseHosts, HostWatch } from '../dialect.ts'
import { nameOf, type Host } from './host-list.ts'
import { IdentityFile } from './identity-file.ts'
import { judge, unfit, type Ask, type Identity, type Verdict } from './role.ts'
import { WatchedHost } from './watched-host.ts'

/** How long an earlier server of the list must have been fit, in milliseconds, and how much longer at most. */
const comeBackMs = 5000
const comeBackJitterMs = 5000

export class Hosts implements DatabaseHosts {
  readonly #list: readonly WatchedHost[]
  readonly #options: (host: Host) => ConnectionOptions
  readonly #sockets = new Map<WatchedHost, Set<Socket>>()
  readonly #closing = new AbortController()
  /** So that several instances do not come back at the same moment. */
  readonly #comeBackMs = comeBackMs + Math.random() * comeBackJitterMs
  #active: WatchedHost | undefined
  #identity: Identity = { cluster: undefined, database: undefined }
  #watch: HostWatch | undefined
  #file: IdentityFile | undefined
  #looking: Promise<void> | undefined
  changes = 0

  /** `options` returns the options of a connection to a server. */
  constructor (list: readonly Host[], options: (host: Host) => ConnectionOptions) {
    this.#list = list.map((host) => new WatchedHost(host, options(host)))
    this.#options = options
  }

  get states () {
    return this.#list.map((watched) => ({
      name: watched.name, isActive: watched === this.#active, isFit: watched.isFit, state: watched.state
    }))
  }

  /** Checks the servers from now on, and leaves one that is not fit any more. Before, one is chosen once. */
  watch (watch: HostWatch): void {
    this.#watch = watch
    if (watch.identityFile !== undefined) {
      this.#file = new IdentityFile(watch.identityFile, this.#list.map(({ name }) => name))
      this.#identity = this.#file.read()
    }
    const { signal } = this.#closing
    this.#looking = new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve())
      for (const watched of this.#list) {
        watched.watch(signal, (verdict) => {
          this.#note(watched, verdict)
          if (this.#active || this.#list.every(({ verdict }) => verdict)) resolve()
        }).catch(() => {})
      }
    })
  }

  close (): void {
    this.#closing.abort()
    for (const watched of this.#list) watched.close()
  }

  /** The options of a connection to the active server. Throws NoDatabaseHost. */
  async connection (): Promise<ConnectionOptions & { expirationChecker (): boolean }> {
    const watched = await this.#find()
    return {
      ...this.#options(watched.host),
      stream: () => this.#openSocket(watched),
      // By this, knex asks again once another server is active.
      expirationChecker: () => this.#active !== watched
    }
  }

  /** The active server, and a function that opens a socket to it. Throws NoDatabaseHost. */
  async active (): Promise<{ host: Host, openSocket: () => Socket }> {
    const watched = await this.#find()
    return { host: watched.host, openSocket: () => this.#openSocket(watched) }
  }

  /** Checks a new session to this server. Throws DatabaseHostLeft if it is not, or no longer, the active one. */
  async admit (host: Host, ask: Ask): Promise<void> {
    const watched = this.#list.find(({ name }) => name === nameOf(host))
    if (watched === undefined || watched !== this.#active) throw new DatabaseHostLeft()
    this.#note(watched, await judge(ask))
    if (watched !== this.#active) throw new DatabaseHostLeft()
  }

  /** Whether a connection to this server is to be used for further work. */
  isActive (host: Host): boolean {
    return this.#active?.name === nameOf(host)
  }

  async #find (): Promise<WatchedHost> {
    if (!this.#active) await (this.#watch ? this.#looking : this.#lookOnce())
    if (!this.#active) throw new NoDatabaseHost(this.#list.map(({ name, state }) => `${name}: ${state}`).join('; '))
    return this.#active
  }

  #lookOnce (): Promise<void> {
    this.#looking ??= Promise.all(this.#list.map(async (watched) => {
      this.#note(watched, await watched.check())
      watched.close()
    })).then(() => { this.#looking = undefined })
    return this.#looking
  }

  #note (watched: WatchedHost, verdict: Verdict): void {
    watched.note(this.#compared(verdict))
    const active = this.#active
    if (active === watched && watched.verdict?.isFit) this.#keepIdentity(watched.verdict)
    const best = this.#best()
    if (active?.isFit) {
      const isReturn = best !== undefined && performance.now() - best.fitSince > this.#comeBackMs
      if (isReturn && this.#list.indexOf(best) < this.#list.indexOf(active)) this.#use(best)
    } else if (active !== best) {
      this.#use(best)
    }
  }

  /** The first server that is fit; undefined while one before it was not checked yet. */
  #best (): WatchedHost | undefined {
    const first = this.#list.find(({ verdict }) => verdict === undefined || verdict.isFit)
    return first?.isFit ? first : undefined
  }

  /** A server that belongs to another cluster, or to none, is not fit. */
  #compared (verdict: Verdict): Verdict {
    const { cluster, database } = this.#identity
    if (!verdict.isFit) return verdict
    const remedy = this.#file ? `; if that is right, delete ${this.#file.file}` : ''
    if (cluster !== undefined && verdict.cluster !== cluster) {
      return unfit(`belongs to ${verdict.cluster ?? 'no cluster'}, not to ${cluster}${remedy}`, true)
    }
    if (database !== undefined && verdict.database !== undefined && verdict.database !== database) {
      return unfit(`holds another database, ${verdict.database} instead of ${database}${remedy}`, true)
    }
    return verdict
  }

  #use (next: WatchedHost | undefined): void {
    const before = this.#active
    this.#active = next
    if (before !== undefined) this.changes++
    if (next?.verdict?.isFit) this.#keepIdentity(next.verdict)
    this.#watch?.onChange({ from: before?.name, to: next?.name, states: this.states })
    if (before?.isFit === false) {
      for (const socket of this.#sockets.get(before) ?? []) socket.destroy(new DatabaseHostLeft())
    }
  }

  #keepIdentity ({ cluster, database }: Identity): void {
    const { cluster: before = cluster, database: id = database } = this.#identity
    this.#identity = { cluster: before, database: id }
    this.#file?.write(this.#identity)
  }

  #openSocket (watched: WatchedHost): Socket {
    const socket = connect({ ...watched.host, noDelay: true, keepAlive: true })
    let sockets = this.#sockets.get(watched)
    if (sockets === undefined) this.#sockets.set(watched, sockets = new Set())
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    return socket
  }
}
