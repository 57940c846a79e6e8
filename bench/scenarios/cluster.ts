import { galera, galeraMissing, group, groupMissing, type Engine } from '../../test/helpers/clusters.ts'
import { mariadb } from '../../test/helpers/servers.ts'
import type { Bench } from '../bench.ts'
import { underLoad } from '../load.ts'
import { interleave, ratio, type Report } from '../measure.ts'

const engines = [
  { name: 'Galera', engine: galera, missing: galeraMissing },
  { name: 'Group Replication', engine: group, missing: groupMissing }
]

const loads = [
  { logs: 30, connections: 64, about: '30 logs a request, 64 connections' },
  { logs: 1, connections: 64, about: '1 log a request, 64 connections' },
  { logs: 1, connections: 1, about: 'one request of 1 log after the other' }
]

/** The cost of three nodes of a cluster against one server, both on this machine. */
export async function * cluster (bench: Bench): AsyncGenerator<Report> {
  for (const { name, engine, missing } of engines) {
    if (missing) console.log(`cluster: ${name} is left out: ${missing}\n`)
    else yield * onEngine(bench, name, engine)
    await bench.endScenario()
  }
}

async function * onEngine (bench: Bench, name: string, engine: Engine): AsyncGenerator<Report> {
  const { folder, rounds, seconds } = bench
  const server = engine.kind === mariadb ? await bench.server() : await bench.mysql()
  const one = await bench.oursOn(await bench.onlyTables({ server }))
  const cluster = await bench.cluster(engine)
  const [first] = cluster.nodes
  const three = await bench.oursOn(await bench.onlyTables({ server: first!.access }), { env: { LOGGER_DB_HOST: cluster.hosts } })

  for (const { about, ...load } of loads) {
    const samples = await interleave({
      'one server': () => underLoad(one, { folder, seconds, ...load }),
      'three nodes': () => underLoad(three, { folder, seconds, ...load })
    }, rounds)
    const compared = ['three nodes', 'one server'] as [string, string]
    yield {
      name: 'cluster',
      title: `${name}: ${about}`,
      samples,
      findings: (['rows', 'p50', 'p99'] as const).map((figure) => ratio(samples, compared, figure))
    }
  }
}
