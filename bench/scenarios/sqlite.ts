import type { Bench } from '../bench.ts'
import { underLoad } from '../load.ts'
import { interleave, ratio, type Report } from '../measure.ts'
import { rawSqlite } from '../raw.ts'

/** The rate of the service against the embedded database alone. */
export async function sqlite (bench: Bench): Promise<Report[]> {
  const { folder, rounds, seconds } = bench
  const ours = await bench.oursOnSqlite()
  const raw = await bench.onlySqlite()

  const samples = await interleave({
    'raw SQLite': async () => {
      await raw.empty()
      return rawSqlite(raw.file, seconds)
    },
    ours: () => underLoad(ours, { folder, logs: 30, seconds })
  }, rounds)

  return [{
    name: 'sqlite',
    title: '30 logs a request, 64 connections, against SQLite without HTTP (1,000 rows a transaction, WAL, synchronous FULL)',
    samples,
    findings: [ratio(samples, ['ours', 'raw SQLite'], 'rows', { atLeast: 0.4 })]
  }]
}
