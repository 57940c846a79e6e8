import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { random } from '../helpers/random.ts'

/** How long the clients of each scenario send, in seconds. */
export const seconds = Number(process.env.LOGGER_CHAOS_SECONDS ?? 1)

/** Number of power cuts for each kind of storage. */
export const cuts = Number(process.env.LOGGER_CHAOS_CUTS ?? 3)

/** Number of kills while alerts are found and sent: on SQLite, and with two instances on MariaDB. */
export const alertKills = Number(process.env.LOGGER_CHAOS_KILLS ?? 8)

/** Lets a fault last for a time in ms; there is no event to await. */
export function pass (least: number, most = least): Promise<void> {
  return delay(random(least, most))
}

/** Repeats a fault during the scenario, at least `least` times; resolves to the number of repetitions. */
export async function again (least: number, fault: (round: number) => Promise<void>): Promise<number> {
  const end = Date.now() + seconds * 1000
  let round = 0
  while (round < least || Date.now() < end) await fault(round++)
  return round
}

/** Environment that loads a module of this folder before the service, for faults that no setting can cause. */
export function preloaded (name: string): { NODE_OPTIONS: string } {
  return { NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, name))}` }
}
