import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { ownChannel, testChannel } from '../../src/alerts/channels/manage.ts'
import { deliveryOfTest, type Delivery } from '../../src/alerts/outbox/history.ts'
import type { RaisedTest } from '../../src/alerts/outbox/raise.ts'
import { NotFound } from '../../src/errors.ts'
import { actorOf, requireUser } from '../../src/http/guard.ts'
import { noParameters } from '../../src/http/scope.ts'
import { Named, presentDelivery, TestResult } from './channel-schemas.ts'

/** How long the answer waits for the outcome, in milliseconds, and between two looks at it. */
const testMs = 20_000
const lookMs = 200

const channelTest: FastifyPluginAsyncTypebox = async (app) => {
  app.post('/api/channels/:name/test', {
    config: { logAccess: 'account' },
    schema: {
      tags: ['alerts'],
      summary: 'Send a test',
      description: 'Answers with what became of it, within 20 seconds. It is sent at once, even if the channel ' +
        'rests or is broken, as far as the limits of the channel allow.',
      params: Named,
      querystring: noParameters,
      response: { 200: TestResult }
    }
  }, async (request) => {
    const named = { userId: requireUser(request.logCaller).id, name: request.params.name, by: actorOf(request) }
    const channel = await app.logReaders.awaitDatabase(ownChannel(app.logDb, named))
    const test = await app.logReaders.awaitDatabase(testChannel(app.logDb, named, channel))
    return presentDelivery(await outcomeOf(app, test))
  })
}

export default channelTest

/** Waits for what becomes of a test; the instance that sends may be another one. */
async function outcomeOf (app: FastifyInstance, test: RaisedTest): Promise<Delivery> {
  const until = performance.now() + testMs
  for (;;) {
    const delivery = await app.logReaders.awaitDatabase(deliveryOfTest(app.logDb, test))
    if (!delivery) throw new NotFound()
    const isTried = delivery.state !== 'sending' && (delivery.state !== 'waiting' || delivery.tries > test.tries)
    if (isTried || performance.now() > until) return delivery
    await delay(lookMs)
  }
}
