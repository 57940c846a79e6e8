import type { Bench } from '../bench.ts'
import { underLoad } from '../load.ts'
import { interleave, ratio, type Report, type Subjects } from '../measure.ts'
import { protocols } from '../protocols.ts'

/** The same logs over every protocol, compared with the contract. */
export async function protocolRates (bench: Bench): Promise<Report[]> {
  const { folder, rounds, halfSeconds: seconds } = bench
  const ours = await bench.ours()
  const contract = 'POST /send_logs'
  const subjects: Subjects = { [contract]: () => underLoad(ours, { folder, logs: 30, seconds }) }
  for (const protocol of Object.keys(protocols)) subjects[protocol] = () => underLoad(ours, { folder, logs: 30, seconds, protocol })
  const samples = await interleave(subjects, rounds)

  return [{
    name: 'protocols',
    title: '30 logs a request, 64 connections, by protocol, without keys of the client',
    samples,
    findings: Object.keys(protocols).map((protocol) => ratio(samples, [protocol, contract], 'rows', { atLeast: 0.75 }))
  }]
}
