import type { Bench } from '../bench.ts'
import { underLoad } from '../load.ts'
import { interleave, ratio, type Report, type Subjects } from '../measure.ts'
import { preload } from '../raw.ts'

/** Not much slower than at the beginning, whatever has grown. */
const steady = { atLeast: 0.8 }

/** Users whose rows lie in a large table, so that new ones go to as many places in it. */
const usersOfLarge = 100

/** More at once would take seconds, and a bench of some seconds would count requests on its fingers. */
const mostLogsUnderWay = 40_000

/** A table that is empty, and ones that hold millions of rows. */
export async function growthRows (bench: Bench): Promise<Report[]> {
  const { folder, rounds, halfSeconds: seconds, millions = [1] } = bench
  const users = usersOfLarge
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
    title: `30 logs a request, 64 connections, ${users} users, tables that held so many rows before`,
    samples,
    findings: millions.map((count) => ratio(samples, `${count} M rows`, 'empty table', 'rows', steady))
  }]
}

const who = (users: number) => users === 1 ? '1 user' : `${users} users`

/** One user, and ten thousand who take turns. */
export async function growthUsers (bench: Bench): Promise<Report[]> {
  const counts = [1, 100, 10_000]
  const ours = await bench.ours({ users: Math.max(...counts) })
  const samples = await interleave(Object.fromEntries(counts.map((users) => [who(users), () =>
    // Long enough for everybody to have been seen once.
    underLoad(ours, { folder: bench.folder, logs: 30, seconds: bench.halfSeconds, users, warmup: Math.ceil(users / 2000) })])), bench.rounds)

  return [{
    name: 'growth-users',
    title: '30 logs a request, 64 connections, users who take turns',
    samples,
    findings: counts.slice(1).map((users) => ratio(samples, who(users), who(1), 'rows', steady))
  }]
}

/** Requests of one log, and of thousands. */
export async function growthLogs (bench: Bench): Promise<Report[]> {
  const ours = await bench.ours()
  const samples = await interleave(Object.fromEntries([1, 30, 500, 5000].map((logs) => [logs === 1 ? '1 log' : `${logs} logs`, () =>
    underLoad(ours, { folder: bench.folder, logs, seconds: bench.halfSeconds, connections: Math.min(64, mostLogsUnderWay / logs) })])), bench.rounds)

  return [{
    name: 'growth-logs',
    title: `so many logs a request, 64 connections, or fewer where more than ${mostLogsUnderWay} logs would be under way`,
    samples,
    findings: [
      ratio(samples, '500 logs', '30 logs', 'rows', steady),
      ratio(samples, '5000 logs', '30 logs', 'rows', steady),
      // Each request is parsed, checked and answered for itself: that costs, and is only told.
      ratio(samples, '1 log', '30 logs', 'rows')
    ]
  }]
}
