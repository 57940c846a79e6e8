import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { codeOf } from '../../src/errors.ts'
import { probe } from '../../src/store/connect.ts'

const State = Type.Object({
  status: Type.String({ examples: ['ok'] }),
  warnings: Type.Optional(Type.Array(Type.String(), { examples: [['innodb_flush_log_at_trx_commit is not 1: …']] })),
  reason: Type.Optional(Type.String({ examples: ['the database does not answer: ECONNREFUSED'] }))
})

/** The database is asked this often at most, however many ask here. */
const probeEveryMs = 200

const health: FastifyPluginAsyncTypebox = async (app) => {
  let probing: Promise<void> | undefined

  function probeOnce (): Promise<void> {
    if (!probing) {
      probing = probe(app.logDb)
      const forget = () => { setTimeout(() => { probing = undefined }, probeEveryMs).unref() }
      probing.then(forget, forget)
    }
    return probing
  }

  /** What is not as it should be, though logs are taken. */
  function warnings (): { warnings?: string[] } {
    const { problem, foreign = [] } = app.logSpool
    const all = [...app.logRisks, ...problem === undefined ? [] : [`no spool: ${problem}`], ...foreign, ...app.logWriter.warnings]
    return all.length === 0 ? {} : { warnings: all }
  }

  app.get('/healthz', { config: { logAccess: 'public' }, schema: { tags: ['operations'], summary: 'Is the process alive?', response: { 200: State } } }, async (_request, reply) => {
    reply.preventCache()
    return { status: 'ok' }
  })

  app.get('/readyz', { config: { logAccess: 'public' }, schema: { tags: ['operations'], summary: 'Does the database answer a real read?', response: { 200: State, 503: State } } }, async (_request, reply) => {
    reply.preventCache()
    try {
      await probeOnce()
      return { status: 'ok', ...warnings() }
    } catch (error) {
      const reason = `the database does not answer: ${codeOf(error) ?? 'no answer in time'}`
      return reply.code(503).send({ status: 'unavailable', reason, ...warnings() })
    }
  })
}

export default health
