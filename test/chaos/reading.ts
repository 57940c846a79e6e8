// Compares the answers to readers with the table, which the ledger compares with the acknowledged logs.
import type { Knex } from 'knex'
import type { Test } from 'tap'
import type { DatabaseOptions } from '../../src/store/dialects/dialect.ts'
import { openKnex } from '../helpers/databases.ts'
import { startEmbedded } from '../helpers/embedded.ts'
import { http } from '../helpers/http.ts'
import { apiKey } from '../helpers/service.ts'
import type { Follower } from './follower.ts'
import { idPattern, messagesOf, type Ledger } from './ledger.ts'

/** Wrong answers to readers; each must be 0. */
export interface Misread {
  /** Logs that a tail neither delivered nor reported as missed; delivered more than once; delivered but not stored. */
  untold: number
  repeated: number
  phantom: number
  /** Logs by which counts are wrong; and by which the results of a word search are wrong. */
  miscounted: number
  misfound: number
  /** Errors by which the groups are wrong. */
  misgrouped: number
}

/** Compares the logs that the tails delivered with the table. */
export async function compareTails (followers: readonly Follower[], knex: Knex): Promise<Pick<Misread, 'untold' | 'repeated' | 'phantom'>> {
  const misread = { untold: 0, repeated: 0, phantom: 0 }
  const stored = new Set<string>()
  for await (const message of messagesOf(knex)) stored.add(message.match(idPattern)?.[0] ?? '')
  for (const { logs, missed } of followers) {
    const handedOn = [...logs.keys()].filter((id) => stored.has(id)).length
    misread.untold += Math.max(0, stored.size - handedOn - missed)
    misread.phantom += logs.size - handedOn
    for (const count of logs.values()) misread.repeated += count - 1
  }
  return misread
}

/** Difference between a service's counts and the table, which may be written to meanwhile. */
export async function miscountedBy (port: number, knex: Knex): Promise<number> {
  for (;;) {
    const before = await rowsIn(knex)
    const counted = await Promise.all(['1h', '30m'].map((interval) => countedBy(port, { interval })))
    if (await rowsIn(knex) === before) return Math.max(...counted.map((count) => Math.abs(count - before)))
  }
}

/** Starts a service on the data of a scenario, indexes and counts it at once, and checks counts and word searches. */
export async function compareIndexed (t: Test, database: DatabaseOptions, ledger: Ledger): Promise<Pick<Misread, 'miscounted' | 'misfound' | 'misgrouped'>> {
  // Instances that were killed had leases, and so had those that a slow machine did not let give them back.
  await openKnex(t, database)('leases').update({ expires_at: 0 })
  const { app, port, knex } = await startEmbedded(t, database, { askAfter: 0, alerts: true })
  await app.wordIndex.runNow()
  await app.hourCounts.runNow()
  await app.logAlerts?.runNow()
  const misgrouped = await misgroupedIn(knex)
  const miscounted = await miscountedBy(port, knex)
  let misfound = 0
  for (const request of ledger.sample()) {
    const word = request.slice(request.indexOf('r'))
    misfound += Math.abs(await countedBy(port, { interval: '1d', query: word }) - await rowsIn(knex, `%-${word}-%`))
  }
  await app.close()
  return { miscounted, misfound, misgrouped }
}

/** Difference between the groups of errors, or their hours, and the errors of the table, for the user with most of it. */
export async function misgroupedIn (knex: Knex): Promise<number> {
  const sumsOf = async (table: string) => sumsByUser(await knex(table).groupBy('user_id').select('user_id').sum({ logs: 'logs' }))
  const errors = sumsByUser(await knex('user_logs').whereIn('log_level', ['error', 'critical']).groupBy('user_id').select('user_id').count({ logs: '*' }))
  const differences = [await sumsOf('error_groups'), await sumsOf('error_group_hours')].flatMap((sums) => (
    [...new Set([...errors.keys(), ...sums.keys()])].map((user) => Math.abs((sums.get(user) ?? 0) - (errors.get(user) ?? 0)))
  ))
  return Math.max(0, ...differences)
}

function sumsByUser (rows: ReadonlyArray<Record<string, any>>): Map<number, number> {
  return new Map(rows.map(({ user_id: user, logs }) => [Number(user), Number(logs)]))
}

/** Counts all logs, or those with a pattern. */
export async function rowsIn (knex: Knex, like = '%'): Promise<number> {
  const [row] = await knex('user_logs').where('log_msg', 'like', like).count({ count: '*' })
  return Number(row!.count)
}

/** The sum of a histogram over all logs of the clients. */
async function countedBy (port: number, parameters: Record<string, string>): Promise<number> {
  const asked = new URLSearchParams({ from: '2020-05-05T00:00:00Z', to: '2020-05-06T00:00:00Z', ...parameters })
  const { status, body } = await http(port, 'GET', `/api/logs/histogram?${asked}`, { 'x-api-key': apiKey })
  if (status !== 200) throw new Error(`the histogram answered ${status}: ${body}`)
  const { buckets, complete } = JSON.parse(body)
  if (!complete) throw new Error('the counts are not complete')
  return buckets.reduce((sum: number, { count }: { count: number }) => sum + count, 0)
}
