// The service is killed while alerts are found and sent.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { startMariadb } from '../helpers/databases.ts'
import { post } from '../helpers/http.ts'
import { random } from '../helpers/random.ts'
import { mariadb as mariadbKind } from '../helpers/servers.ts'
import { basic } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'
import { misgroupedIn } from './reading.ts'
import { Stage } from './stage.ts'
import { again, alertKills, pass, seconds } from './timing.ts'

t.setTimeout((600 + seconds * 60 + alertKills * 60) * 1000)

const mariadb = mariadbKind.missing ? undefined : await startMariadb(t)
if (mariadbKind.missing) t.comment(`NOT TESTED on MariaDB: ${mariadbKind.missing}`)

/** A message that was read to its end, whatever became of the answer. */
interface Arrival {
  body: string
  isMarked: boolean
}

/** A receiver of webhooks, which breaks some connections and refuses some messages after it has read them. */
class Receiver {
  readonly arrivals = new Map<string, Arrival[]>()
  /** Messages that the service cannot know to be delivered. */
  doubts = 0
  isFaulty = true
  url = ''

  static async start (t: Test): Promise<Receiver> {
    const receiver = new Receiver()
    const server = createServer((request, response) => { receiver.#take(request, response).catch(() => {}) })
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    t.teardown(() => server.close())
    return receiver
  }

  async #take (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    const id = String(request.headers['webhook-id'])
    this.arrivals.set(id, [...this.arrivals.get(id) ?? [], { body, isMarked: 'loggerbot-may-repeat' in request.headers }])
    const fault = this.isFaulty ? random(0, 9) : 9
    if (fault < 2) this.doubts++
    if (fault < 1) request.socket.destroy()
    else response.writeHead(fault < 2 ? 500 : 200).end()
  }

  /** Titles that arrived, alone or in a digest; and alerts that a digest only counted, in a line for many or at its end. */
  get told (): { titles: Set<string>, counted: number } {
    const titles = new Set<string>()
    let counted = 0
    for (const [{ body } = { body: '{}' }] of this.arrivals.values()) {
      const { data } = JSON.parse(body)
      titles.add(data.title)
      for (const { title, alerts } of data.alerts as Array<{ title: string, alerts: number }>) {
        if (alerts === 1) titles.add(title)
        else counted += alerts
      }
      counted += data.heldBack
    }
    return { titles, counted }
  }
}

/** A word of 12 letters, so that each message is of a group of its own. */
const word = (): string => Array.from({ length: 12 }, () => String.fromCharCode(random(97, 122))).join('')

for (const database of ['MariaDB', 'SQLite']) {
  const skip = database === 'MariaDB' && mariadbKind.missing

  t.test(`kill -9 while alerts are found and sent, on ${database}`, { skip }, async (t) => {
    const receiver = await Receiver.start(t)
    const stage = await Stage.set(t, {
      server: database === 'MariaDB' ? mariadb : undefined,
      instances: database === 'MariaDB' ? 2 : 1,
      settings: { LOGGER_ALERT_TARGETS: '127.0.0.1' }
    })
    const { instances: [instance], knex, users } = stage
    for (const { name } of users) {
      const made = await post(instance!.port, '/api/channels', { name: 'receiver', url: receiver.url, lines: 'none' }, basic(name))
      t.equal(made.status, 201)
    }
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
    await until('every alert is sent', async () => {
      await knex('alert_channels').update({ recent: null, paused_until: null })
      await knex('alert_outbox').where({ state: 'waiting' }).update({ next_at: '2020-01-01 00:00:00.000000' })
      const [{ left }] = await knex('alert_outbox').whereIn('state', ['waiting', 'sending']).count({ left: '*' }) as [{ left: number }]
      const [{ raised }] = await knex('alerts').where({ kind: 'new' }).count({ raised: '*' }) as [{ raised: number }]
      return Number(left) === 0 && Number(raised) >= expected.size
    }, { progress: () => receiver.arrivals.size })

    t.equal(await misgroupedIn(knex), 0, 'groups count each error once')
    const { titles, counted } = receiver.told
    const untold = [...expected].filter((message) => !titles.has(message))
    t.ok(untold.length <= counted, `every alert was told: ${untold.length} of ${expected.size} as a number of a digest`)
    const copies = [...receiver.arrivals.values()]
    t.equal(copies.filter((same) => same.filter(({ isMarked }) => !isMarked).length > 1).length, 0, 'no repeat is unmarked')
    t.equal(copies.filter((same) => new Set(same.map(({ body }) => body)).size > 1).length, 0, 'a repeat is the same message')
    const repeats = copies.reduce((sum, same) => sum + same.length - 1, 0)
    t.ok(repeats <= kills + receiver.doubts, `${repeats} repeats, ${kills} kills, ${receiver.doubts} doubts`)
    const handOverMs = await handOver(stage, receiver)
    t.ok(handOverMs < maxHandOverMs, `alerts go on ${Math.round(handOverMs / 1000)} s after a kill`)
    const groups = await knex('error_groups').count({ count: '*' }).first()
    t.comment(`${database}: ${kills} kills; ${groups?.count} groups, all counts exact; ${copies.length} messages; ` +
      `${repeats} repeats, all marked; ${receiver.doubts} answers that leave a doubt; ${untold.length} alerts only counted in digests`)
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
