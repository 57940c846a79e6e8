import fp from 'fastify-plugin'
import { SyslogFormats } from '../src/decode/syslog/formats.ts'
import { SyslogIntake, type SyslogLoss, type Transport } from '../src/receive/syslog-intake.ts'
import { SyslogPorts } from '../src/receive/syslog-ports.ts'
import { freshKey } from '../src/write/batch.ts'

export type { SyslogLoss } from '../src/receive/syslog-intake.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Messages received and lost by syslog; the counts only grow. */
    logSyslog: SyslogState
  }
}

export interface SyslogOptions {
  /** Address or name to listen on. Default 127.0.0.1. */
  host?: string
  /** TCP and UDP port. Default 0: neither. */
  port?: number
  /**
   * Whether this process reads the UDP port. Default true. Of processes that share it, one does: only that one has all
   * chunks of a message.
   */
  datagrams?: boolean
  /** TLS port, with the certificate and the key in these PEM files. Default: none. */
  tls?: { port: number, cert: string, key: string }
  /** Owner of messages without a token. Default: they are dropped. */
  user?: string
  /** Maximum size of a message in bytes. Default 8 MiB. */
  messageLimit?: number
}

export interface SyslogState {
  readonly messages: Readonly<Record<Transport, number>>
  readonly lost: Readonly<Record<SyslogLoss, number>>
  readonly connections: number
}

/** Bytes of memory for datagrams that wait to be stored, and as many for chunks of unfinished messages. */
const queueLimit = 16 * 1024 * 1024

/** Receives logs by syslog, each for the user named by its token, or else for the default user. */
export default fp<SyslogOptions>(async (app, options) => {
  const { host = '127.0.0.1', port = 0, datagrams = true, tls, user: defaultUser } = options
  const { messageLimit = 8 * 1024 * 1024 } = options
  const formats = new SyslogFormats(messageLimit, queueLimit)
  const intake = new SyslogIntake({
    formats,
    messageLimit,
    defaultUser,
    findUser: (name) => app.trustedUser(name),
    async findTokenOwner (token, address) {
      const caller = await app.callerOfToken(token, address)
      return caller?.scopes.has('write') ? caller.id : undefined
    },
    newKey: freshKey,
    write: (batch) => app.writeLogs(batch),
    log: app.log
  })
  const ports = new SyslogPorts(intake, { host, port, datagrams, tls, queueLimit })

  app.decorate('logSyslog', {
    messages: intake.messages,
    get lost () {
      return { ...intake.lost, cut: intake.lost.cut + formats.lostChunks, kernel: ports.droppedDatagrams }
    },
    get connections () { return ports.connections }
  })
  app.addHook('onReady', () => ports.listen())
  app.addHook('onClose', async () => {
    intake.close()
    await ports.close()
  })
}, { name: 'loggerbot-syslog', fastify: '5.x', dependencies: ['loggerbot-auth', 'loggerbot-writer'] })
