import type { Bench } from '../bench.ts'
import { underLoad } from '../load.ts'
import { interleave, ratio, type Report } from '../measure.ts'

/** The index takes up what is some seconds old: load before that is not about it. */
const warmup = 25

/** What the index of words costs writing, once it is at work on what came before. */
export async function wordIndex (bench: Bench): Promise<Report[]> {
  const { folder, rounds } = bench
  const load = { folder, logs: 30, seconds: 2 * bench.seconds, warmup }
  const off = { env: { LOGGER_WORD_INDEX: 'false' } }
  const reports: Report[] = []
  for (const [name, without, withIndex] of [
    ['MariaDB', await bench.ours({ pageCompression: false, ...off }), await bench.ours({ pageCompression: false })],
    ['SQLite', await bench.oursOnSqlite(off), await bench.oursOnSqlite()]
  ] as const) {
    const samples = await interleave({ 'without the index': () => underLoad(without, load), 'with the index': () => underLoad(withIndex, load) }, rounds)
    reports.push({
      name: 'word-index',
      title: `${name}: 30 logs a request, 64 connections, after ${warmup} s of the same load`,
      samples,
      findings: [ratio(samples, 'with the index', 'without the index', 'rows', { atLeast: 0.67 })]
    })
  }
  return reports
}
