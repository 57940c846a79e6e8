import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { workerPids } from '../../test/helpers/processes.ts'
import type { Bench } from '../bench.ts'
import { underLoad } from '../load.ts'
import { figure, interleave, ratio, type Report, type Sample } from '../measure.ts'

/** All cores, and one for the service alone while the database and the load share the others. */
const everywhere = '0-1023'
const own = '0'
const others = '1-1023'

/**
 * Two workers against one process; and each of them on one core, as if the database and the clients were elsewhere.
 * Needs two cores and taskset.
 */
export async function workers (bench: Bench): Promise<Report[]> {
  const { folder, seconds } = bench
  const alone = await bench.ours()
  const two = await bench.ours({ env: { LOGGER_WORKERS: '2' } })
  const database = alone.database.pid
  if (database === undefined) throw new Error('the cores of a given database server cannot be chosen')

  async function onOneCore (pid: number, run: () => Promise<Sample>): Promise<Sample> {
    const service = [pid, ...workerPids(pid)]
    try {
      for (const each of service) await bind(each, own)
      for (const each of [database!, process.pid]) await bind(each, others)
      return await run()
    } finally {
      for (const each of [...service, database!, process.pid]) await bind(each, everywhere)
    }
  }

  const reports: Report[] = []
  for (const logs of [1, 30]) {
    const load = { folder, logs, seconds }
    const samples = await interleave({
      'one process': () => underLoad(alone, load),
      '2 workers': () => underLoad(two, load),
      'one process, one core': () => onOneCore(alone.pid, () => underLoad(alone, load)),
      '2 workers, one core': () => onOneCore(two.pid, () => underLoad(two, load))
    }, bench.rounds)
    reports.push({
      name: 'workers',
      title: `one process and 2 workers, ${logs} ${logs === 1 ? 'log' : 'logs'} a request, 64 connections`,
      samples,
      findings: [
        ratio(samples, ['2 workers', 'one process'], 'requests'),
        ratio(samples, ['2 workers', 'one process'], 'processor'),
        ratio(samples, ['2 workers, one core', 'one process, one core'], 'requests'),
        figure(samples, '2 workers', 'rss')
      ]
    })
  }
  return reports
}

/** Binds all threads of a process to cores; processes that it starts later are bound as well. */
async function bind (pid: number, cores: string): Promise<void> {
  await promisify(execFile)('taskset', ['--all-tasks', '--cpu-list', '--pid', cores, String(pid)])
}
