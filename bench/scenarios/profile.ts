import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench } from '../bench.ts'
import { underLoad } from '../load.ts'
import type { Report } from '../measure.ts'

interface Profile {
  /** Microseconds of the machine's monotonic clock, as in process.hrtime. */
  startTime: number
  nodes: Array<{ id: number, callFrame: { functionName: string, url: string, lineNumber: number } }>
  samples: number[]
  timeDeltas: number[]
}

const shown = 25

/**
 * Processor time of the service by function, in every thread. Not part of a whole run, because a profiled process
 * is slower.
 */
export async function profile (bench: Bench): Promise<Report[]> {
  const { folder, seconds } = bench
  for (const logs of [1, 30]) {
    const profiles = join(folder, `profiles-${logs}`)
    mkdirSync(profiles)
    const ours = await bench.ours({ flags: ['--cpu-prof', `--cpu-prof-dir=${profiles}`] })
    const from = Number(process.hrtime.bigint() / 1000n)
    const { rows } = await underLoad(ours, { folder, logs, seconds })
    await bench.endScenario()
    for (const file of readdirSync(profiles)) {
      console.log(`profile: ${logs} logs a request, 64 connections, ${Math.round(rows)} rows/s: ${file}\n`)
      console.log(`${topOf(JSON.parse(readFileSync(join(profiles, file), 'utf8')), from).join('\n')}\n`)
    }
  }
  return []
}

/** The packages and then the functions with most of the thread's busy time, without callees and without the start. */
function topOf ({ startTime, nodes, samples, timeDeltas }: Profile, from: number): string[] {
  const byId = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const packages = new Map<string, number>()
  const functions = new Map<string, number>()
  let busy = 0
  let now = startTime
  samples.forEach((id, index) => {
    const { functionName, url, lineNumber } = byId.get(id)!
    const time = timeDeltas[index]!
    now += time
    if (now < from || functionName === '(idle)') return
    const file = url.replace(/^.*\/(?=node_modules\/)/, '').replace(/^.*\/(?=dist\/src\/|dist\/plugins\/|dist\/routes\/)/, '')
    add(packages, packageOf(file), time)
    add(functions, `${functionName || '(anonymous)'} ${file && `${file}:${lineNumber + 1}`}`, time)
    busy += time
  })
  const share = ([name, time]: [string, number]) => `  ${(100 * time / busy).toFixed(1).padStart(5)} %  ${name}`
  const topShares = (times: Map<string, number>) => [...times].sort(([, a], [, b]) => b - a).slice(0, shown).map(share)
  return [`  busy ${(busy / 1e6).toFixed(1)} s`, '', ...topShares(packages), '', ...topShares(functions)]
}

function add (times: Map<string, number>, name: string, time: number): void {
  times.set(name, (times.get(name) ?? 0) + time)
}

function packageOf (file: string): string {
  if (file === '') return 'native code, garbage collector'
  if (file.startsWith('node:')) return 'Node'
  return /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? 'the service itself'
}
