import fp from 'fastify-plugin'
import { parseJson } from '../../src/decode/json/parse.ts'
import { readWhole } from '../../src/decode/unpack/index.ts'
import { takeJsonBodies, useApiRules } from '../../src/http/scope.ts'
import alerts from './alerts.ts'
import channelTest from './channel-test.ts'
import channels from './channels.ts'
import errors from './errors.ts'
import logs from './logs.ts'
import rules from './rules.ts'
import telegram from './telegram.ts'

const bodyLimit = 16 * 1024

/** Routes of the groups of errors, rules, channels and alerts; none where errors are not grouped. */
export default fp(async (app) => {
  if (!app.logAlerts) return
  useApiRules(app, bodyLimit)
  takeJsonBodies(app, async (body, maxBytes) => parseJson(await readWhole(body, maxBytes)))
  await app.register(errors)
  await app.register(logs)
  await app.register(rules)
  await app.register(telegram)
  await app.register(alerts)
  await app.register(channels)
  await app.register(channelTest)
}, {
  name: 'loggerbot-alert-routes',
  fastify: '5.x',
  encapsulate: true,
  dependencies: ['loggerbot-auth', 'loggerbot-search', 'loggerbot-writer', 'loggerbot-alerts']
})
