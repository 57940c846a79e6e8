import type { Bench } from '../bench.ts'
import { underLoad } from '../load.ts'
import { figure, interleave, ratio, type Report } from '../measure.ts'

/** The service against the naive server: 30 logs a request, with both encodings, and 1 log. */
export async function versusNaive (bench: Bench): Promise<Report[]> {
  const { folder, rounds, seconds } = bench
  const naive = await bench.naive()
  const ours = await bench.ours({ pageCompression: false })
  const compressed = await bench.ours({ pageCompression: true })
  // As on MySQL, which has no bulk protocol.
  const text = await bench.ours({ pageCompression: false, asText: true })

  const thirty = await interleave({
    naive: () => underLoad(naive, { folder, logs: 30, seconds }),
    ours: () => underLoad(ours, { folder, logs: 30, seconds }),
    'ours, compressed': () => underLoad(compressed, { folder, logs: 30, seconds }),
    'ours, as text': () => underLoad(text, { folder, logs: 30, seconds })
  }, rounds)
  const one = await interleave({
    naive: () => underLoad(naive, { folder, logs: 1, seconds }),
    ours: () => underLoad(ours, { folder, logs: 1, seconds }),
    'ours, compressed': () => underLoad(compressed, { folder, logs: 1, seconds })
  }, rounds)

  return [{
    name: 'versus-naive',
    title: '30 logs a request, 64 connections, against plain Fastify and knex',
    samples: thirty,
    findings: [
      ratio(thirty, ['ours', 'naive'], 'rows', { atLeast: 3 }),
      ratio(thirty, ['ours, compressed', 'naive'], 'rows', { atLeast: 3 }),
      ratio(thirty, ['ours, as text', 'naive'], 'rows', { atLeast: 1.8 })
    ]
  }, {
    name: 'versus-naive',
    title: '1 log a request, 64 connections, against plain Fastify and knex',
    samples: one,
    findings: [
      ratio(one, ['ours', 'naive'], 'requests', { atLeast: 6 }),
      ratio(one, ['ours, compressed', 'naive'], 'requests', { atLeast: 6 }),
      figure(one, 'ours', 'p99', { atMost: 10 }),
      figure(one, 'ours, compressed', 'p99', { atMost: 10 })
    ]
  }]
}
