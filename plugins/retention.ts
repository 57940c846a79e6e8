import fp from 'fastify-plugin'
import { Background } from '../src/cluster/background.ts'
import { codeOf } from '../src/errors.ts'
import { ClockInDoubt } from '../src/store/clock-doubt.ts'
import { within } from '../src/timeout.ts'
import { letGo } from '../src/retention/retention.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Deletes expired logs. Not part of the public API. */
    logRetention: {
      /** Deletes now what has expired; resolves once that is done. */
      runNow (): Promise<void>
    }
  }
}

export interface RetentionOptions {
  /** Days that logs are kept, unless their user has a number of their own. Default 0, which is for ever. */
  days?: number
  /** Logs that are kept at most, of all users: past that the oldest go. Default 0, which is any number. */
  rows?: number
}

const hour = 60 * 60 * 1000
/** How long a statement may take to end when the server closes, in milliseconds. */
const patience = 1000

/** Lets logs go that were kept long enough: at start and hourly, by one instance at a time, in steps that writers don't wait for. */
export default fp<RetentionOptions>(async (app, { days = 0, rows = 0 }) => {
  const complaints = new Set<string | undefined>()

  /** Once of each kind: a login that may not alter the table will not be able to the next time. */
  function complain (error: unknown): void {
    const code = codeOf(error)
    if (!complaints.has(code)) app.log.warn({ code }, 'the partitions of user_logs can\'t be kept up; logs go one by one instead')
    complaints.add(code)
  }

  const cleaning = new Background(async () => {
    const gone = await letGo(app.logDb, { days, rows }, cleaning.signal, complain)
    if (gone > 0) app.log.info(`${gone} logs were let go`)
  }, hour, (error) => app.log.warn({ code: codeOf(error) }, error instanceof ClockInDoubt ? error.message : 'logs could not be let go; the next try is in an hour'))

  app.decorate('logRetention', { runNow: () => cleaning.runNow() })
  app.addHook('onReady', async () => { cleaning.start(0) })
  let ended = Promise.resolve()
  app.addHook('preClose', async () => {
    // A statement that hangs must not keep the service from closing.
    ended = within(patience, cleaning.end()).catch(() => {})
  })
  app.addHook('onClose', () => ended)
}, { name: 'loggerbot-retention', fastify: '5.x', dependencies: ['loggerbot-db'] })
