import type { Knex } from 'knex'
import t from 'tap'
import type { NewAlert } from '../../../src/alerts/alert.ts'
import { raiseAlerts } from '../../../src/alerts/outbox/raise.ts'
import { databases, openKnex } from '../../helpers/databases.ts'

const start = '2026-11-27 09:00:00.000000'
const someAlert = (differences: Partial<NewAlert> = {}): NewAlert => ({
  userId: 1, ruleId: 1, subject: 'db', number: 1, kind: 'match', at: start, detail: { title: 'disk full', logs: 1, samples: [] }, ...differences
})
const addChannel = async (knex: Knex, name: string, differences: object = {}) => {
  await knex('alert_channels').insert({
    user_id: 1, name, kind: 'webhook', target: '{}', lines: 'whole', state: 'ok', pauses: 0, created_at: start, ...differences
  })
  return Number((await knex('alert_channels').where({ name }).first()).id)
}

for (const database of databases) {
  t.test(`raising alerts on ${database.name}`, async (t) => {
    const knex = openKnex(t, await database.createMigrated(t))
    const one = await addChannel(knex, 'one')
    const two = await addChannel(knex, 'two')
    await addChannel(knex, 'of another user', { user_id: 2 })
    const rule = { user_id: 1, kind: 'match', settings: '{}', telling: '{}', revision: 1, is_enabled: true, created_at: start, updated_at: start }
    await knex('alert_rules').insert([
      { ...rule, id: 1, name: 'all channels' }, { ...rule, id: 2, name: 'one channel', channels: JSON.stringify([two, 999]) }
    ])
    const raise = (...alerts: NewAlert[]) => knex.transaction((transaction) => raiseAlerts(transaction, alerts, start))
    const rows = () => knex('alert_outbox').join('alerts', 'id', 'alert_id').orderBy(['rule_id', 'number', 'channel_id'])

    await raise(someAlert(), someAlert(), someAlert({ ruleId: 2, notBefore: '2026-11-27 20:00:00.000000' }))
    t.match(await rows(), [
      { rule_id: 1, channel_id: one, state: 'waiting', next_at: '2026-11-27 09:00:01.000000' },
      { rule_id: 1, channel_id: two },
      { rule_id: 2, channel_id: two, next_at: '2026-11-27 20:00:00.000000' }
    ], 'each channel of the rule, else each of the user, after a second or at the end of quiet hours')
    await addChannel(knex, 'three')
    await raise(someAlert(), someAlert({ number: 2 }))
    t.strictSame((await rows()).map(({ rule_id: id, number }) => [id, number]), [[1, 1], [1, 1], [1, 2], [1, 2], [1, 2], [2, 1]], 'an alert that is known is left out')
    await raise(...Array.from({ length: 1000 }, (_, number) => someAlert({ subject: 'many', number })))
    t.equal((await rows()).length, 3006)
  })
}
