// The service is killed while alerts are found and sent.
import t from 'tap'
import { startMariadb } from '../helpers/databases.ts'
import { post } from '../helpers/http.ts'
import { mariadb as mariadbKind } from '../helpers/servers.ts'
import { basic } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'
import { misgroupedIn } from './reading.ts'
import { Receiver, word } from './receiver.ts'
import { Stage } from './stage.ts'
import { again, alertKills, pass, seconds } from './timing.ts'

t.setTimeout((600 + seconds * 60 + alertKills * 60) * 1000)

const mariadb = mariadbKind.missing ? undefined : await startMariadb(t)
if (mariadbKind.missing) t.comment(`NOT TESTED on MariaDB: ${mariadbKind.missing}`)

for (const database of ['MariaDB', 'SQLite']) {
  const skip = database === 'MariaDB' && mariadbKind.missing

  t.test(`kill -9 while alerts are found and sent, on ${database}`, { skip }, async (t) => {
    const receiver = await Receiver.start(t, { isFaulty: true })
    const stage = await Stage.set(t, {
      server: database === 'MariaDB' ? mariadb : undefined,
      instances: database === 'MariaDB' ? 2 : 1,
      settings: { LOGGER_ALERT_TARGETS: '127.0.0.1' }
    })
    const { knex, users } = stage
    await receiver.addTo(stage, users.map(({ name }) => name))
    const expected = new Set<string>()
    const kills = await again(alertKills, async (round) => {
      const victim = stage.instances[round % stage.instances.length]!
      for (const { name } of users) {
        const message = `failure of ${word()}`
        const sent = await post(victim.port, '/api/logs', [{ level: 'error', message }, { level: 'error', message }], basic(name))
        if (sent.status === 200) expected.add(message)
      }
      await pass(0, 3000)
      await victim.kill()
      // Every kill shall meet an instance at work, so none waits for the lease of the last one.
      await knex('leases').update({ expires_at: 0 })
      await victim.start()
    })
    receiver.isFaulty = false
    await receiver.hasAll(stage, () => receiver.untold(expected) <= receiver.told.counted)

    t.equal(await misgroupedIn(knex), 0, 'groups count each error once')
    const untold = receiver.untold(expected)
    t.ok(untold <= receiver.told.counted, `every alert was told: ${untold} of ${expected.size} as a number of a digest`)
    const { copies } = receiver
    t.equal(copies.filter((same) => same.filter(({ isMarked }) => !isMarked).length > 1).length, 0, 'no repeat is unmarked')
    t.equal(copies.filter((same) => new Set(same.map(({ body }) => body)).size > 1).length, 0, 'a repeat is the same message')
    const repeats = copies.reduce((sum, same) => sum + same.length - 1, 0)
    t.ok(repeats <= kills + receiver.doubts, `${repeats} repeats, ${kills} kills, ${receiver.doubts} doubts`)
    const handOverMs = await handOver(stage, receiver)
    t.ok(handOverMs < maxHandOverMs, `alerts go on ${Math.round(handOverMs / 1000)} s after a kill`)
    const groups = await knex('error_groups').count({ count: '*' }).first()
    t.comment(`${database}: ${kills} kills; ${groups?.count} groups, all counts exact; ${copies.length} messages; ` +
      `${repeats} repeats, all marked; ${receiver.doubts} answers that leave a doubt; ${untold} alerts only counted in digests`)
  })
}

/** The leases of a killed instance last ten seconds; its messages under way wait until it was not seen for as long. */
const maxHandOverMs = 45_000

/** Kills the instance that finds and sends alerts; resolves to the time until an error is told all the same. */
async function handOver (stage: Stage, receiver: Receiver): Promise<number> {
  const { instances: [victim, other], knex, users: [user] } = stage
  const message = `failure of ${word()}`
  await other?.kill()
  await knex('leases').update({ expires_at: 0 })
  await until('an instance finds and sends alerts', async () => {
    const free = await knex('leases').whereIn('name', ['alerts', 'outbox']).where('expires_at', 0)
    return free.length === 0
  })
  await other?.start()
  await knex('alert_channels').update({ recent: null, paused_until: null })
  const killedAt = performance.now()
  await victim!.kill()
  if (!other) await victim!.start()
  await post((other ?? victim!).port, '/api/logs', [{ level: 'error', message }], basic(user!.name))
  await until('the error is told', () => receiver.told.titles.has(message))
  return performance.now() - killedAt
}
