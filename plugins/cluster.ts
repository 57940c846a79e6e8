import fp from 'fastify-plugin'
import { Announcements } from '../src/cluster/announcements.ts'
import { Horizons } from '../src/cluster/horizons.ts'
import { Instance } from '../src/cluster/instances.ts'
import { CommitClock } from '../src/write/clock.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** This process among the instances that store batches. Not part of the public API. */
    logCluster: {
      readonly instance: Instance
      /** The clock of what this process stores: the database's. */
      readonly clock: CommitClock
      /** Times before which every batch is stored. */
      readonly horizons: Horizons
      /** What this process has announced lately, if a replica is read. */
      readonly announcements: Announcements | undefined
    }
  }
}

/**
 * Announces this process to the instances that share the database, and reads their common horizon.
 * The plugins that need it register it; the first one does, for all.
 */
export default fp(async (app) => {
  if (app.hasDecorator('logCluster')) return
  const clock: CommitClock = new CommitClock(() => instance.admission())
  const announcements = app.logReplica && new Announcements()
  const instance = new Instance(app.logDb, clock, announcements)
  const horizons = new Horizons(app.logDb, instance)

  app.decorate('logCluster', { instance, clock, horizons, announcements })
  instance.start()
  app.addHook('preClose', async () => horizons.close())
  app.addHook('onClose', () => instance.end())
}, { name: 'loggerbot-cluster', fastify: '5.x', dependencies: ['loggerbot-db'] })
