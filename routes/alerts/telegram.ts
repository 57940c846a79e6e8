import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { makeCode } from '../../src/alerts/channels/telegram/codes.ts'
import { Conflict, Unavailable } from '../../src/errors.ts'
import { actorOf, requireUser } from '../../src/http/guard.ts'
import { isoTime } from '../../src/query/api-log.ts'

/** Bound on asking Telegram for the name of the bot, in milliseconds: it is asked once. */
const nameTimeoutMs = 5000

const Nothing = Type.Object({}, { additionalProperties: false })
const Made = Type.Object({
  code: Type.String({ description: 'links one chat, once; the message /start CODE in any chat with the bot does it' }),
  link: Type.String({ description: 'opens a private chat with the bot, and links it', examples: ['https://t.me/…'] }),
  groupLink: Type.String({ description: 'adds the bot to a group, and links that' }),
  expires: Type.String({ description: 'ISO 8601: 15 minutes from now, by the database\'s clock' })
})

/** Codes that link a chat of Telegram to a user. */
const telegram: FastifyPluginAsyncTypebox = async (app) => {
  app.post('/api/telegram/codes', {
    config: { logAccess: 'account' },
    schema: {
      tags: ['alerts'],
      summary: 'Make a code that links a chat of Telegram',
      description: 'The chat gets your alerts. The code replaces an earlier one.',
      querystring: Nothing,
      body: Type.Union([Type.Null(), Nothing], { description: 'empty' }),
      response: { 201: Made }
    }
  }, async (request, reply) => {
    const { id, name } = requireUser(request.logCaller)
    const client = app.logAlerts?.telegram
    if (!client) throw new Conflict('this server has no Telegram bot: see LOGGER_TELEGRAM_TOKEN')
    const bot = await client.me({ signal: AbortSignal.timeout(nameTimeoutMs) }).catch(() => {
      throw new Unavailable('Telegram does not answer')
    })
    const entry = { by: actorOf(request), action: 'telegram.code', detail: { user: name } }
    const { code, expiresAt } = await app.logReaders.awaitDatabase(makeCode(app.logDb, id, entry))
    const address = `https://t.me/${bot.username}`
    return reply.code(201).send({
      code,
      link: `${address}?start=${code}`,
      groupLink: `${address}?startgroup=${code}`,
      expires: isoTime(expiresAt)
    })
  })
}

export default telegram
