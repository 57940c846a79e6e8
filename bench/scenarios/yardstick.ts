import type { Bench } from '../bench.ts'
import { underLoad } from '../load.ts'
import { interleave, ratio, type Report } from '../measure.ts'
import type { ServerAccess } from '../../test/helpers/servers.ts'

/** Goals of a database: rates against the yardstick and against the naive server, by the logs of a request. */
interface Goals {
  group: Record<number, number>
  naive: Record<number, number>
}

const goalsOf: Record<string, Goals> = {
  SQLite: { group: {}, naive: {} },
  MariaDB: { group: { 1: 0.75, 30: 1 }, naive: { 1: 5 } },
  MySQL: { group: {}, naive: { 1: 4, 30: 2.5 } }
}

/** The service against group commit alone, against Fastify that stores nothing, and against the naive server. */
export async function yardstick (bench: Bench): Promise<Report[]> {
  const reports = [...await onDatabase(bench, 'SQLite', undefined)]
  await bench.endScenario()
  reports.push(...await onDatabase(bench, 'MariaDB', await bench.server()))
  await bench.endScenario()
  const mysql = await bench.mysql()
  if (mysql) reports.push(...await onDatabase(bench, 'MySQL', mysql))
  return reports
}

async function onDatabase (bench: Bench, name: string, server: ServerAccess | undefined): Promise<Report[]> {
  const { folder, rounds, seconds } = bench
  const ours = server
    ? await bench.oursOn(await bench.onlyTables({ server }))
    : await bench.oursOnSqlite()
  const services = {
    ours,
    group: await bench.yardstick('group', server),
    nothing: await bench.yardstick('nothing', server),
    ...server && { naive: await bench.yardstick('naive', server) }
  }
  const reports: Report[] = []
  for (const logs of [1, 30, 500]) {
    const subjects = Object.fromEntries(Object.entries(services).map(([name, service]) => (
      [name, () => underLoad(service, { folder, logs, seconds, isStored: name !== 'nothing' })]
    )))
    const samples = await interleave(subjects, rounds)
    const { group, naive } = goalsOf[name] ?? { group: {}, naive: {} }
    reports.push({
      name: 'yardstick',
      title: `${name}, ${logs} ${logs === 1 ? 'log' : 'logs'} a request, 64 connections`,
      samples,
      findings: [
        ratio(samples, ['ours', 'group'], 'requests', { atLeast: group[logs] }),
        ratio(samples, ['ours', 'nothing'], 'requests'),
        ...server ? [ratio(samples, ['ours', 'naive'], 'requests', { atLeast: naive[logs] })] : [],
        ratio(samples, ['ours', 'group'], 'p99', logs === 1 ? { atMost: 1.5 } : {})
      ]
    })
  }
  return reports
}
