import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { random } from '../helpers/random.ts'

/** How long each scenario keeps its clients sending. */
export const seconds = Number(process.env.LOGGER_CHAOS_SECONDS ?? 1)

/** How many power cuts each kind of storage has to survive. */
export const cuts = Number(process.env.LOGGER_CHAOS_CUTS ?? 3)

/** For so many milliseconds things go on as they are: what a scenario waits for is a moment that nobody can foresee. */
export function pass (least: number, most = least): Promise<void> {
  return delay(random(least, most))
}

/** Repeats a fault for as long as the scenario lasts, and at least so many times; resolves to how many it were. */
export async function again (least: number, fault: (round: number) => Promise<void>): Promise<number> {
  const end = Date.now() + seconds * 1000
  let round = 0
  while (round < least || Date.now() < end) await fault(round++)
  return round
}

/** Settings that load a module of this folder before the service: what no setting of its own may do. */
export function preloaded (name: string): { NODE_OPTIONS: string } {
  return { NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, name))}` }
}
