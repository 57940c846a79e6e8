import { setTimeout as delay } from 'node:timers/promises'

/** How long each scenario keeps its clients sending. */
export const seconds = Number(process.env.LOGGER_CHAOS_SECONDS ?? 1)

/** How many power cuts each kind of storage has to survive. */
export const cuts = Number(process.env.LOGGER_CHAOS_CUTS ?? 3)

/** A whole number from `least` to `most`. */
export function random (least: number, most: number): number {
  return least + Math.floor(Math.random() * (most - least + 1))
}

/** From `least` to `most`, small numbers as likely as large ones: each power of ten has the same share. */
export function randomSize (least: number, most: number): number {
  return Math.round(least * (most / least) ** Math.random())
}

/** For so many milliseconds things go on as they are: what a scenario waits for is a moment that nobody can foresee. */
export function pass (least: number, most = least): Promise<void> {
  return delay(random(least, most))
}

/**
 * Resolves as soon as the condition gives something other than undefined and false; throws when it
 * has given nothing new for `patience` milliseconds. `progress` is what counts as something new.
 */
export async function until<T> (what: string, condition: () => T | undefined | false | Promise<T | undefined | false>, { patience = 30_000, progress = () => undefined as unknown } = {}): Promise<T> {
  let seen = progress()
  for (let deadline = Date.now() + patience; ;) {
    const met = await condition()
    if (met !== undefined && met !== false) return met
    const now = progress()
    if (now !== seen) deadline = Date.now() + patience
    seen = now
    if (Date.now() > deadline) throw new Error(`waited ${patience} ms in vain until ${what}${now === undefined ? '' : `, last at ${now}`}`)
    await delay(25)
  }
}

/** Repeats a fault for as long as the scenario lasts, and at least so many times; resolves to how many it were. */
export async function again (least: number, fault: (round: number) => Promise<void>): Promise<number> {
  const end = Date.now() + seconds * 1000
  let round = 0
  while (round < least || Date.now() < end) await fault(round++)
  return round
}
