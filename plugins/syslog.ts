import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import fp from 'fastify-plugin'
import { runAtOnce, runInTurns, stepBytes } from '../src/decode/steps.ts'
import { Frames } from '../src/decode/syslog/frames.ts'
import { GelfChunks } from '../src/decode/gelf/chunks.ts'
import { decodeMessageSteps, isReadable, kindOf, unpackMessage } from '../src/decode/syslog/port.ts'
import type { DecodedSyslog, SyslogMessage } from '../src/decode/syslog/index.ts'
import { BadRequest, describeFailure, TooLarge, TooManyAttempts, TooManyLogs } from '../src/errors.ts'
import type { LogRecord } from '../src/model/record.ts'
import { Datagrams } from '../src/receive/datagrams.ts'
import { Listener, readAhead } from '../src/receive/listener.ts'
import { freshKey } from '../src/write/batch.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** What came in by syslog, and what was lost; it only grows. */
    logSyslog: SyslogState
  }
}

export interface SyslogOptions {
  /** The address or name to listen on. Default 127.0.0.1. */
  host?: string
  /** Where TCP and UDP are taken. Default 0, which is nowhere. */
  port?: number
  /** Where TLS is taken, with the certificate and the key in these PEM files. Default: nowhere. */
  tls?: { port: number, cert: string, key: string }
  /** Whose the messages without a token are. Default: nobody's, and they are dropped. */
  user?: string
  /** The longest message, in bytes. Default 8 MiB. */
  messageLimit?: number
}

type Transport = 'tcp' | 'tls' | 'udp'

/**
 * Why a message is not stored: `unknown`: it shows no valid token, and no user is set; `unavailable`:
 * closing, or over the user's rate, or a token not known here from where too many were nobody's, or by UDP while the database is away;
 * `too_long`; `malformed`: it has more parameters than a log may have, or is broken JSON that shows a token; `binary`: it is neither text
 * nor GELF; `cut`: the connection broke within it, or a chunk of GELF did not come;
 * `queue`: by UDP, faster than logs are stored; `kernel`: by UDP, faster than it is read, where the system tells.
 */
export type SyslogLoss = 'unknown' | 'unavailable' | 'too_long' | 'malformed' | 'binary' | 'cut' | 'queue' | 'kernel'

export interface SyslogState {
  readonly messages: Readonly<Record<Transport, number>>
  readonly lost: Readonly<Record<SyslogLoss, number>>
  readonly connections: number
}

/** A batch holds so many logs at most. */
const batchSize = 1000
/** Bytes of memory for datagrams that wait to be stored, and as many for those that are chunks of messages. */
const queueLimit = 16 * 1024 * 1024
/** Bytes of unpacked datagrams that are stored at once, and about. */
const groupBytes = 1024 * 1024
/** After so many milliseconds what could not be stored is tried again. */
const pause = 1000
const minute = 60_000

/**
 * Takes logs in by syslog, each user's by the token that a message shows, the others for one user.
 * TCP is read no faster than its logs become durable, however long that takes. By UDP what comes
 * too fast is lost, and counted.
 */
export default fp<SyslogOptions>(async (app, { host = '127.0.0.1', port = 0, tls, user, messageLimit = 8 * 1024 * 1024 }) => {
  const closing = new AbortController()
  const messages = { tcp: 0, tls: 0, udp: 0 }
  const lost = { unknown: 0, unavailable: 0, too_long: 0, malformed: 0, binary: 0, cut: 0, queue: 0 }

  const tcpListener = new Listener(createServer(readAhead), (pieces, address) => takeStream(pieces, address, 'tcp'))
  const tlsListener = tls && new Listener(createTlsServer({ ...readAhead, cert: readFileSync(tls.cert), key: readFileSync(tls.key) }), (pieces, address) => takeStream(pieces, address, 'tls'))
  const datagrams = new Datagrams(queueLimit, (group) => takeDatagrams(group), () => {
    lost.queue++
    tell('queue', 'syslog by UDP comes faster than it can be stored: messages are lost')
  })

  const chunks = new GelfChunks(queueLimit, messageLimit)

  app.decorate('logSyslog', {
    messages,
    get lost () {
      chunks.forgetOld(performance.now())
      return { ...lost, cut: lost.cut + chunks.lost, kernel: datagrams.dropped }
    },
    get connections () { return tcpListener.connections + (tlsListener?.connections ?? 0) }
  })
  app.addHook('onReady', async () => {
    const { address } = await lookup(host)
    if (port > 0) {
      await tcpListener.listen(address, port)
      await datagrams.listen(address, port)
    }
    await tlsListener?.listen(address, tls!.port)
  })
  app.addHook('onClose', async () => {
    closing.abort()
    await Promise.all([tcpListener.close(), tlsListener?.close(), datagrams.close()])
  })

  /** Bytes of messages that are not whole yet, of all connections. */
  let unfinished = 0

  async function takeStream (pieces: AsyncIterable<Buffer>, address: string, transport: Transport): Promise<void> {
    const frames = new Frames(messageLimit)
    const take = (messages: Buffer[]) => store(messages.map((bytes) => ({ bytes, arrivedAt: Date.now(), address })), transport)
    let bytes = 0
    try {
      for await (const piece of pieces) {
        const skipped = frames.skipped
        const messages = frames.push(piece)
        lost.too_long += frames.skipped - skipped
        unfinished += frames.bytes - bytes
        bytes = frames.bytes
        await take(messages)
        if (frames.tooLong || unfinished > 4 * messageLimit) {
          lost.too_long++
          return tell('too long', `a message of syslog from ${address} is too long, or too many long ones come at once: its connection is closed`)
        }
      }
      const rest = frames.end()
      await take(rest.messages)
      if (rest.cut) lost.cut++
    } catch {
      if (frames.bytes > 0) lost.cut++
    } finally {
      unfinished -= bytes
    }
  }

  async function takeDatagrams (group: SyslogMessage[]): Promise<void> {
    let opened: SyslogMessage[] = []
    let bytes = 0
    for (const datagram of group) {
      const message = await open(datagram)
      if (!message) continue
      opened.push(message)
      bytes += message.bytes.length
      if (bytes < groupBytes) continue
      await store(opened, 'udp')
      opened = []
      bytes = 0
    }
    await store(opened, 'udp')
  }

  /** The message of a datagram, put together and unpacked; undefined where there is none, or none yet. */
  async function open (datagram: SyslogMessage): Promise<SyslogMessage | undefined> {
    const whole = kindOf(datagram.bytes) === 'chunk' ? chunks.add(datagram.bytes, datagram.address, performance.now()) : datagram.bytes
    if (whole === undefined) return undefined
    try {
      return { ...datagram, bytes: kindOf(whole) === 'packed' ? await unpackMessage(whole, messageLimit) : whole }
    } catch (error) {
      if (!(error instanceof BadRequest || error instanceof TooLarge)) throw error
      drop(error instanceof TooLarge ? 'too_long' : 'binary', datagram.address, error)
      return undefined
    }
  }

  function drop (loss: 'too_long' | 'malformed' | 'binary', address: string, error: Error): void {
    lost[loss]++
    tell(loss, `a message of syslog from ${address} is dropped: ${error.message}`)
  }

  /** Resolves once all that has an owner is durable, or lost and counted. */
  async function store (group: SyslogMessage[], transport: Transport): Promise<void> {
    messages[transport] += group.length
    for (const [userId, records] of await sort(group, transport)) {
      for (let start = 0; start < records.length; start += batchSize) {
        // The same key at each try: it is stored once, also where the answer to a commit was lost.
        const batch = { userId, records: records.slice(start, start + batchSize), key: freshKey() }
        try {
          await insist(() => app.writeLogs(batch), (error) => transport === 'udp' && error instanceof TooManyLogs)
        } catch (error) {
          lost.unavailable += batch.records.length
          tell('lost', 'messages of syslog could not be stored, and are lost', error)
        }
      }
    }
  }

  /** The logs by the id of their user, each user's in order. */
  async function sort (group: SyslogMessage[], transport: Transport): Promise<Map<number, LogRecord[]>> {
    const owners = new Map<string | undefined, Promise<number | 'unknown' | 'unavailable'>>()
    const decoded: Array<DecodedSyslog & { address: string }> = []
    for (const message of group) {
      const { bytes, address } = message
      try {
        const steps = decodeMessageSteps(message)
        for (const log of bytes.length > stepBytes ? await runInTurns(steps) : runAtOnce(steps)) {
          decoded.push({ ...log, address })
          // They are looked up beside each other, so that tokens of nobody hold up no others.
          if (!owners.has(log.token)) owners.set(log.token, ownerOf(log.token, address, transport))
        }
      } catch (error) {
        if (!(error instanceof BadRequest || error instanceof TooLarge)) throw error
        drop(error instanceof TooLarge ? 'too_long' : isReadable(bytes) ? 'malformed' : 'binary', address, error)
      }
    }

    const logs = new Map<number, LogRecord[]>()
    for (const { record, token, address } of decoded) {
      const owner = (await owners.get(token))!
      if (typeof owner === 'string') {
        lost[owner]++
        tell(owner, `a message of syslog from ${address} is dropped: ${owner === 'unknown' ? explain(token) : 'the database is away, and its user is not known here'}`)
      } else {
        const ofOwner = logs.get(owner)
        if (ofOwner) ofOwner.push(record)
        else logs.set(owner, [record])
      }
    }
    return logs
  }

  async function ownerOf (token: string | undefined, address: string, transport: Transport): Promise<number | 'unknown' | 'unavailable'> {
    try {
      // A sender who is not known must not hold up the datagrams of all others, nor one of many wrong tokens those of a relay.
      return await insist(() => findOwner(token, address), (error) => transport === 'udp' || error instanceof TooManyAttempts) ?? 'unknown'
    } catch {
      return 'unavailable'
    }
  }

  async function findOwner (token: string | undefined, address: string): Promise<number | null | undefined> {
    if (token === undefined) return user === undefined ? undefined : (await app.trustedUser(user))?.id
    const caller = await app.callerOfToken(token, address)
    return caller?.scopes.has('write') ? caller.id : undefined
  }

  function explain (token: string | undefined): string {
    if (token !== undefined) return 'its token is nobody\'s, or has no scope write'
    return user === undefined ? 'it shows no token, and no user is set' : `there is no user ${user}, or they are disabled`
  }

  /** Tries until it is done, or closing, or there is no point in waiting. */
  async function insist<T> (work: () => Promise<T>, isPointless: (error: unknown) => boolean): Promise<T> {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (closing.signal.aborted || isPointless(error)) throw error
        tell('waiting', 'messages of syslog can\'t be stored: they wait', error)
        await delay(pause, undefined, { signal: closing.signal }).catch(() => {})
      }
    }
  }

  const toldAt = new Map<string, number>()
  /** Logs each matter once a minute at most. */
  function tell (matter: string, sentence: string, error?: unknown): void {
    if (Date.now() - (toldAt.get(matter) ?? 0) < minute) return
    toldAt.set(matter, Date.now())
    app.log.warn(error === undefined ? {} : { failure: describeFailure(error) }, sentence)
  }
}, { name: 'loggerbot-syslog', fastify: '5.x', dependencies: ['loggerbot-auth', 'loggerbot-writer'] })
