import type { Bench } from '../bench.ts'
import { underLoad } from '../load.ts'
import { interleave, ratio, type Report } from '../measure.ts'

/** Many connections must not be slower than few. */
export async function connections (bench: Bench): Promise<Report[]> {
  const ours = await bench.ours()
  const options = { folder: bench.folder, logs: 30, seconds: bench.halfSeconds }
  const samples = await interleave(Object.fromEntries([64, 256, 1000].map((connections) =>
    [`${connections} connections`, () => underLoad(ours, { ...options, connections })])), bench.rounds)

  return [{
    name: 'connections',
    title: '30 logs a request, by number of connections',
    samples,
    findings: [
      ratio(samples, ['256 connections', '64 connections'], 'rows', { atLeast: 1 }),
      ratio(samples, ['1000 connections', '64 connections'], 'rows', { atLeast: 1 })
    ]
  }]
}
