import fp from 'fastify-plugin'
import { codeOf, describeFailure } from '../src/errors.ts'
import { WordIndexer } from '../src/word-index/indexer.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The word index, which tells a search where to look. */
    wordIndex: {
      /** Milliseconds after which a search asks the index; undefined: never. */
      readonly askAfter: number | undefined
      /** Seconds by which the index is behind what is stored; 0 while another instance keeps it. */
      readonly behind: number
      /** Indexes all stored logs; rejects where another instance keeps the index. Not part of the public API. */
      runNow (): Promise<void>
    }
  }
}

export interface WordIndexOptions {
  /** Whether a word index is kept and used. Default true. */
  wordIndex?: boolean
  /** Milliseconds after which a search asks the index where to look: most end before that. Default 25. */
  askAfter?: number
  /** How long a transaction may take, in milliseconds. Default 5000. */
  patience?: number
}

const failed = 'the word index could not be brought up to date; it tries again'
const userFailed = 'logs of a user could not be indexed: they are searched without the word index, and retried hourly'

/** Keeps the word index, on one instance at a time. */
export default fp<WordIndexOptions>(async (app, { wordIndex: isEnabled = true, askAfter = 25, patience = 5000 }) => {
  const indexer = new WordIndexer({
    ...app.logCluster,
    knex: app.logDb,
    transactionMs: patience,
    onFailure: (error) => app.log.warn({ code: codeOf(error) }, failed),
    onRecovery: () => app.log.warn('the word index is brought up to date again'),
    onUserFailure: (userId, error) => app.log.warn({ userId, failure: describeFailure(error) }, userFailed)
  })
  app.decorate('wordIndex', {
    askAfter: isEnabled ? askAfter : undefined,
    get behind () { return indexer.behindSeconds },
    runNow: () => indexer.runNow()
  })
  app.addHook('onReady', async () => { if (isEnabled) indexer.start() })
  app.addHook('preClose', async () => indexer.stop())
  app.addHook('onClose', () => indexer.close())
}, { name: 'loggerbot-word-index', fastify: '5.x', dependencies: ['loggerbot-cluster'] })
