import type { Bench } from '../bench.ts'
import { underLoad } from '../load.ts'
import { interleave, ratio, type Report, type Subjects } from '../measure.ts'
import { preload } from '../raw.ts'

/** Goal: hardly slower than before the growth. */
const steady = { atLeast: 0.8 }

/** Users in a large table; new rows go to as many places in it. */
const usersInLargeTable = 100

/** With more logs in progress a request would take seconds, and a short benchmark would count only a few requests. */
const maxLogsInProgress = 40_000

/** An empty table against tables with millions of rows. */
export async function growthRows (bench: Bench): Promise<Report[]> {
  const { folder, rounds, halfSeconds: seconds, millions = [1] } = bench
  const users = usersInLargeTable
  const empty = await bench.ours({ users })
  const subjects: Subjects = { 'empty table': () => underLoad(empty, { folder, logs: 30, seconds, users }) }
  for (const count of millions) {
    const large = await bench.ours({ users })
    await preload(await bench.server(), large.database.name, count * 1_000_000, users)
    subjects[`${count} M rows`] = () => underLoad(large, { folder, logs: 30, seconds, users, keep: true })
  }
  const samples = await interleave(subjects, rounds)

  return [{
    name: 'growth-rows',
    title: `30 logs a request, 64 connections, ${users} users, by rows in the table before`,
    samples,
    findings: millions.map((count) => ratio(samples, [`${count} M rows`, 'empty table'], 'rows', steady))
  }]
}

const labelOf = (users: number) => users === 1 ? '1 user' : `${users} users`

/** One user against a hundred and ten thousand that take turns. */
export async function growthUsers (bench: Bench): Promise<Report[]> {
  const counts = [1, 100, 10_000]
  const ours = await bench.ours({ users: Math.max(...counts) })
  const samples = await interleave(Object.fromEntries(counts.map((users) => [labelOf(users), () =>
    // The warmup lets every user send once: then the token is verified, which takes longer than all later requests.
    underLoad(ours, { folder: bench.folder, logs: 30, seconds: bench.halfSeconds, users, warmup: Math.ceil(users / 500) })])), bench.rounds)

  return [{
    name: 'growth-users',
    title: '30 logs a request, 64 connections, by number of users that take turns',
    samples,
    findings: counts.slice(1).map((users) => ratio(samples, [labelOf(users), labelOf(1)], 'rows', steady))
  }]
}

/** Requests of one log up to thousands. */
export async function growthLogs (bench: Bench): Promise<Report[]> {
  const ours = await bench.ours()
  const samples = await interleave(Object.fromEntries([1, 30, 500, 5000].map((logs) => [logs === 1 ? '1 log' : `${logs} logs`, () =>
    underLoad(ours, { folder: bench.folder, logs, seconds: bench.halfSeconds, connections: Math.min(64, maxLogsInProgress / logs) })])), bench.rounds)

  return [{
    name: 'growth-logs',
    title: `by logs a request; 64 connections, or fewer, so that at most ${maxLogsInProgress} logs are in progress`,
    samples,
    findings: [
      ratio(samples, ['500 logs', '30 logs'], 'rows', steady),
      ratio(samples, ['5000 logs', '30 logs'], 'rows', steady),
      // Without a goal: each request has its own cost of parsing, checking and answering.
      ratio(samples, ['1 log', '30 logs'], 'rows')
    ]
  }]
}
