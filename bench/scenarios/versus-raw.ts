import type { Bench } from '../bench.ts'
import { underLoad } from '../load.ts'
import { figure, interleave, ratio, type Report } from '../measure.ts'
import { rawBulk, rawText } from '../raw.ts'

/** The rate of the service against the database alone, with page compression off and on. */
export async function versusRaw (bench: Bench): Promise<Report[]> {
  const { folder, rounds, seconds } = bench
  const server = await bench.server()
  const plain = { ours: await bench.ours({ pageCompression: false }), raw: await bench.onlyTables({ pageCompression: false }) }
  const compressed = { ours: await bench.ours({ pageCompression: true }), raw: await bench.onlyTables({ pageCompression: true }) }

  const samples = await interleave({
    'raw bulk': async () => {
      await plain.raw.empty()
      return rawBulk(server, plain.raw.name, seconds)
    },
    'raw text': async () => {
      await plain.raw.empty()
      return rawText(server, plain.raw.name, bench.halfSeconds)
    },
    ours: () => underLoad(plain.ours, { folder, logs: 30, seconds }),
    'raw bulk, compressed': async () => {
      await compressed.raw.empty()
      return rawBulk(server, compressed.raw.name, seconds)
    },
    'ours, compressed': () => underLoad(compressed.ours, { folder, logs: 30, seconds })
  }, rounds)

  return [{
    name: 'versus-raw',
    title: '30 logs a request, 64 connections, against the database without HTTP (1,000 rows a transaction, 2 connections)',
    samples,
    findings: [
      ratio(samples, ['ours', 'raw bulk'], 'rows', { atLeast: 0.75 }),
      ratio(samples, ['ours, compressed', 'raw bulk, compressed'], 'rows', { atLeast: 0.75 }),
      ratio(samples, ['ours', 'raw text'], 'rows'),
      figure(samples, 'ours', 'p99', { atMost: 30 }),
      figure(samples, 'ours, compressed', 'p99', { atMost: 30 })
    ]
  }]
}
