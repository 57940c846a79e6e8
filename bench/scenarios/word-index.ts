import type { Bench } from '../bench.ts'
import { underLoad } from '../load.ts'
import { interleave, ratio, type Report } from '../measure.ts'

/** The index runs some seconds behind the writer, so it is at work only after this. */
const warmupSeconds = 25

/** The cost of the word index for writing. */
export async function wordIndex (bench: Bench): Promise<Report[]> {
  const { folder, rounds } = bench
  const load = { folder, logs: 30, seconds: 2 * bench.seconds, warmup: warmupSeconds }
  const off = { env: { LOGGER_WORD_INDEX: 'false' } }
  const reports: Report[] = []
  for (const [name, without, withIndex] of [
    ['MariaDB', await bench.ours({ pageCompression: false, ...off }), await bench.ours({ pageCompression: false })],
    ['SQLite', await bench.oursOnSqlite(off), await bench.oursOnSqlite()]
  ] as const) {
    const samples = await interleave({ 'without the index': () => underLoad(without, load), 'with the index': () => underLoad(withIndex, load) }, rounds)
    reports.push({
      name: 'word-index',
      title: `${name}: 30 logs a request, 64 connections, after ${warmupSeconds} s of the same load`,
      samples,
      findings: [ratio(samples, ['with the index', 'without the index'], 'rows', { atLeast: 0.67 })]
    })
  }
  return reports
}
