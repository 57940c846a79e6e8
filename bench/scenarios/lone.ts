import type { Bench } from '../bench.ts'
import { underLoad } from '../load.ts'
import { interleave, ratio, type Report } from '../measure.ts'

/** One client that waits for each answer: group commit must not make it slower. */
export async function lone (bench: Bench): Promise<Report[]> {
  const { folder, rounds } = bench
  const seconds = Math.ceil(bench.seconds / 4)
  const naive = await bench.naive()
  const ours = await bench.ours()

  const reports: Report[] = []
  for (const logs of [1, 30]) {
    const options = { folder, logs, seconds, connections: 1 }
    const samples = await interleave({ naive: () => underLoad(naive, options), ours: () => underLoad(ours, options) }, rounds)
    reports.push({
      name: 'lone',
      title: `one connection, one request of ${logs} ${logs === 1 ? 'log' : 'logs'} after the other, on an idle server`,
      samples,
      findings: [ratio(samples, ['ours', 'naive'], 'p50', { atMost: 1 })]
    })
  }
  return reports
}
