import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { BadRequest } from '../../src/errors.ts'
import { actorOf, requireUser } from '../../src/http/guard.ts'
import { maxSettingsBytes, settingsOf } from '../../src/store/settings.ts'

const tags = ['settings']

const nameExpression = /^[A-Za-z][\w.-]{0,49}$/
const nameRule = 'a letter, followed by up to 49 letters, digits, ".", "_" and "-"'

const Settings = Type.Record(Type.String(), Type.Unknown(), {
  description: 'an object', examples: [{ theme: 'dark', zone: 'Europe/Berlin', columns: ['at', 'level', 'message'] }]
})

const description = 'Pages choose the names and the values, which may be any JSON. Settings replace those of the ' +
  `same name, null deletes one, all others stay. A name is ${nameRule}; all settings of a user together have up to ` +
  `${maxSettingsBytes} bytes as JSON. The answer has all settings.`

const settings: FastifyPluginAsyncTypebox = async (app) => {
  const store = settingsOf(app.logDb)

  app.get('/api/settings', {
    config: { logAccess: 'read' },
    schema: { tags, summary: 'Your settings', response: { 200: Settings } }
  }, async ({ logCaller }) => app.logReaders.awaitDatabase(store.read(requireUser(logCaller).id)))

  app.put('/api/settings', {
    config: { logAccess: 'account' },
    bodyLimit: maxSettingsBytes,
    schema: { tags, summary: 'Change your settings', description, body: Settings, response: { 200: Settings } }
  }, async (request) => {
    const { id } = requireUser(request.logCaller)
    const names = Object.keys(request.body)
    if (!names.every((name) => nameExpression.test(name))) {
      throw new BadRequest(`the name of a setting must be ${nameRule}`, { rule: 'parameter.pattern' })
    }
    const entry = { by: actorOf(request), action: 'settings.change', detail: { names } }
    return app.logReaders.awaitDatabase(store.change(id, request.body, entry))
  })
}

export default settings
