import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { alertsOfRule } from '../../src/alerts/rules/history.ts'
import { maxRules, type Rule } from '../../src/alerts/rules/rule.ts'
import { changedRule, newRuleOf } from '../../src/alerts/rules/body.ts'
import { presentAlert, presentRule, presentState } from '../../src/alerts/rules/present.ts'
import { rulesOf } from '../../src/alerts/rules/rules.ts'
import { ChangesBody, NewBody, RuleName } from '../../src/alerts/rules/schema.ts'
import { deleteStates, statesOfRule } from '../../src/alerts/rules/states.ts'
import { maxValues } from '../../src/alerts/rules/watching.ts'
import { Conflict, NotAllowed, NotFound } from '../../src/errors.ts'
import { actorOf } from '../../src/http/guard.ts'
import { audited, type AuditEntry } from '../../src/store/audit.ts'
import { usersOf } from '../../src/store/users.ts'
import { List, Presented, PresentedDetail } from './rule-schemas.ts'
import { ownerOf } from './owner.ts'
import { UserQuery } from './schemas.ts'

type App = Parameters<FastifyPluginAsyncTypebox>[0]

const tags = ['rules']
/** Alerts of a rule that are shown. */
const maxAlerts = 100

const Named = Type.Object({ name: RuleName })
const NamedValue = Type.Object({
  name: RuleName,
  value: Type.String({ minLength: 1, maxLength: 255, description: 'a value of 1 to 255 characters' })
})

/** Rules: their own for users; administrators may name another one. */
const rules: FastifyPluginAsyncTypebox = async (app) => {
  readRules(app)
  addRules(app)
  changeRules(app)
  deleteRules(app)
}

export default rules

function readRules (app: App): void {
  app.get('/api/rules', {
    config: { logAccess: 'read' },
    schema: { tags, summary: 'List the rules of alerts', querystring: UserQuery, response: { 200: List } }
  }, async ({ logCaller, query: { user } }) => {
    const userId = await ownerOf(app, logCaller, user)
    const found = await app.logReaders.awaitDatabase(rulesOf(app.logDb).list(userId))
    const owner = await ownerName(app, userId)
    return { rules: found.map((rule) => presentRule(rule, owner)) }
  })

  app.get('/api/rules/:name', {
    config: { logAccess: 'read' },
    schema: {
      tags,
      summary: 'A rule, its state and its last alerts',
      params: Named,
      querystring: UserQuery,
      response: { 200: PresentedDetail }
    }
  }, async ({ logCaller, params: { name }, query: { user } }) => (
    await app.logReaders.awaitDatabase(readRule(app, await ownerOf(app, logCaller, user), name))
  ))
}

function addRules (app: App): void {
  app.post('/api/rules', {
    config: { logAccess: 'account' },
    schema: {
      tags,
      summary: 'Add a rule',
      description: `Which settings it takes depends on its kind. A user has up to ${maxRules} rules (409); a name is ` +
        'given once (409). Kind server is for administrators.',
      querystring: UserQuery,
      body: NewBody,
      response: { 201: Presented }
    }
  }, async (request, reply) => {
    const rule = newRuleOf(request.body)
    const userId = await ownerOf(app, request.logCaller, request.query.user)
    if (rule.kind === 'server' && !request.logCaller.admin) throw new NotAllowed('kind server is for administrators')
    await app.logReaders.awaitDatabase(rulesOf(app.logDb).add(userId, rule, entryOf(request, 'rule.add', rule)))
    return reply.code(201).send(await presentOne(app, userId, rule.name))
  })
}

function changeRules (app: App): void {
  app.patch('/api/rules/:name', {
    config: { logAccess: 'account' },
    schema: {
      tags,
      summary: 'Change a rule',
      description: 'Settings are replaced as a whole; with other ones it forgets what it saw.',
      params: Named,
      querystring: UserQuery,
      body: ChangesBody,
      response: { 200: Presented }
    }
  }, async (request) => {
    const userId = await ownerOf(app, request.logCaller, request.query.user)
    const before = await findRule(app, userId, request.params.name)
    const rule = changedRule(before, request.body)
    const entry = entryOf(request, 'rule.change', { rule: before.name, ...request.body })
    const isChanged = await app.logReaders.awaitDatabase(rulesOf(app.logDb).change(before, rule, entry))
    if (!isChanged) throw new Conflict('another request has changed the rule meanwhile')
    return await presentOne(app, userId, rule.name)
  })
}

function deleteRules (app: App): void {
  app.delete('/api/rules/:name', {
    config: { logAccess: 'account' },
    schema: { tags, summary: 'Delete a rule', params: Named, querystring: UserQuery, response: { 204: Type.Null() } }
  }, async (request, reply) => {
    const { name } = request.params
    const userId = await ownerOf(app, request.logCaller, request.query.user)
    const entry = entryOf(request, 'rule.delete', { rule: name })
    if (!await app.logReaders.awaitDatabase(rulesOf(app.logDb).remove(userId, name, entry))) throw new NotFound()
    return reply.code(204).send(null)
  })

  app.delete('/api/rules/:name/values/:value', {
    config: { logAccess: 'account' },
    schema: {
      tags,
      summary: 'Forget a value of a rule',
      description: 'It is expected no more, until a log has it again.',
      params: NamedValue,
      querystring: UserQuery,
      response: { 204: Type.Null() }
    }
  }, async (request, reply) => {
    const { name, value } = request.params
    const rule = await findRule(app, await ownerOf(app, request.logCaller, request.query.user), name)
    const entry = entryOf(request, 'rule.forget', { rule: name, value })
    const forget = audited(app.logDb, entry, (transaction) => (
      deleteStates(transaction, [{ ruleId: rule.id, subject: value }])
    ))
    if (await app.logReaders.awaitDatabase(forget) === 0) throw new NotFound()
    return reply.code(204).send(null)
  })
}

async function findRule (app: FastifyInstance, userId: number, name: string): Promise<Rule> {
  const rule = await app.logReaders.awaitDatabase(rulesOf(app.logDb).find(userId, name))
  if (!rule) throw new NotFound()
  return rule
}

async function readRule (
  app: FastifyInstance, userId: number, name: string
): Promise<Static<typeof PresentedDetail>> {
  const rule = await findRule(app, userId, name)
  const states = await statesOfRule(app.logDb, rule.id, maxValues)
  const alerts = await alertsOfRule(app.logDb, rule, maxAlerts)
  return {
    ...presentRule(rule, await ownerName(app, userId)),
    states: states.map(presentState),
    alerts: alerts.map(presentAlert)
  }
}

async function presentOne (app: FastifyInstance, userId: number, name: string): Promise<Static<typeof Presented>> {
  return presentRule(await findRule(app, userId, name), await ownerName(app, userId))
}

async function ownerName (app: FastifyInstance, userId: number): Promise<string> {
  return (await app.logReaders.awaitDatabase(usersOf(app.logDb).names([userId]))).get(userId) ?? ''
}

function entryOf (request: FastifyRequest, action: string, detail: Record<string, unknown>): AuditEntry {
  return { by: actorOf(request), action, detail }
}
