import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { codeOf } from '../../src/errors.ts'
import { probe } from '../../src/store/connect.ts'

const Health = Type.Object({
  status: Type.String({ examples: ['ok'] }),
  warnings: Type.Optional(Type.Array(Type.String(), { examples: [['innodb_flush_log_at_trx_commit is not 1: …']] })),
  hosts: Type.Optional(Type.Array(Type.Object({
    name: Type.String({ examples: ['db1:3306'] }),
    active: Type.Boolean({ description: 'the server that is used' }),
    state: Type.String({ description: 'its role, or why it is not used', examples: ['PRIMARY', 'ECONNREFUSED'] })
  }), { description: 'the servers of the database, if there are several' })),
  readHost: Type.Optional(Type.Object({
    name: Type.String({ examples: ['db4:3306'] }),
    active: Type.Boolean({ description: 'whether searches are read from it' }),
    state: Type.String({
      description: 'how far it is behind, or why it is not read',
      examples: ['up to date', '12 s behind', 'ECONNREFUSED']
    })
  }, { description: 'the replica that searches are read from, if there is one' })),
  reason: Type.Optional(Type.String({ examples: ['the database does not answer: ECONNREFUSED'] }))
})

/** The database is probed once in this time, however many requests come. */
const probeEveryMs = 200

const tags = ['operations']
const config = { logAccess: 'public' } as const

const health: FastifyPluginAsyncTypebox = async (app) => {
  const probeOnce = sharedProbe(() => probe(app.logDb))

  app.get('/healthz', {
    config,
    schema: { tags, summary: 'Is the process alive?', response: { 200: Health } }
  }, async (_request, reply) => {
    reply.preventCache()
    return { status: 'ok' }
  })

  app.get('/readyz', {
    config,
    schema: { tags, summary: 'Does the database answer a real read?', response: { 200: Health, 503: Health } }
  }, async (_request, reply) => {
    reply.preventCache()
    try {
      await probeOnce()
      return { status: 'ok', ...hostsOf(app), ...readHostOf(app), ...warningsOf(app) }
    } catch (error) {
      const reason = `the database does not answer: ${codeOf(error) ?? 'no answer in time'}`
      const hosts = { ...hostsOf(app), ...readHostOf(app) }
      return reply.code(503).send({ status: 'unavailable', reason, ...hosts, ...warningsOf(app) })
    }
  })
}

export default health

/** Concurrent callers share one probe, and its result for a while. */
function sharedProbe (start: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> | undefined
  return () => {
    if (current) return current
    const forget = () => { setTimeout(() => { current = undefined }, probeEveryMs).unref() }
    current = start().finally(forget)
    return current
  }
}

/** Problems of a server that still accepts logs. */
function warningsOf (app: FastifyInstance): { warnings?: string[] } {
  const { logRisks, logSpool, logWriter } = app
  const { problem, foreign = [] } = logSpool
  const spool = problem === undefined ? [] : [`no spool: ${problem}`]
  const { name, reason } = replicaOf(app)?.state ?? {}
  const unread = reason === undefined ? [] : [`LOGGER_DB_READ_HOST ${name} is not read: ${reason}`]
  const warnings = [...logRisks, ...spool, ...foreign, ...unread, ...logWriter.warnings]
  return warnings.length === 0 ? {} : { warnings }
}

/** An app that only stores has no readers. */
function replicaOf (app: FastifyInstance) {
  return app.hasDecorator('logReaders') ? app.logReaders.readHost : undefined
}

function readHostOf (app: FastifyInstance) {
  const state = replicaOf(app)?.state
  if (state === undefined) return undefined
  const { name, reason, lagMs } = state
  const seconds = Math.round(lagMs / 1000)
  const lag = seconds > 0 ? `${seconds} s behind` : 'up to date'
  return { readHost: { name, active: reason === undefined, state: reason ?? lag } }
}

function hostsOf ({ logHosts }: FastifyInstance) {
  return logHosts && { hosts: logHosts.states.map(({ name, isActive, state }) => ({ name, active: isActive, state })) }
}
