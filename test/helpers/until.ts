import { setTimeout as delay } from 'node:timers/promises'

export interface UntilOptions {
  /** Time without progress after which it throws, in ms. Default two minutes, to detect hangs, not slowness. */
  stallMs?: number
  /** A figure that changes while there is progress, however slow. */
  progress?: () => unknown
}

/**
 * Polls until the condition gives a value other than undefined and false, and resolves to it.
 * Throws once neither the condition nor `progress` has moved for `stallMs`.
 */
export async function until<T> (what: string, condition: () => T | undefined | false | Promise<T | undefined | false>, { stallMs = 120_000, progress = () => undefined }: UntilOptions = {}): Promise<T> {
  let seen = progress()
  for (let movedAt = performance.now(); ;) {
    const met = await condition()
    if (met !== undefined && met !== false) return met
    const now = progress()
    if (now !== seen) movedAt = performance.now()
    seen = now
    if (performance.now() - movedAt > stallMs) throw new Error(`nothing moved for ${stallMs} ms while waiting until ${what}${now === undefined ? '' : `, last at ${now}`}`)
    await delay(25)
  }
}
