// Decoders are generators that work in steps, so that other work of the process gets its turns.
import { setImmediate as turn } from 'node:timers/promises'
import type { Rejected } from '../model/batch.ts'
import type { LogRecord } from '../model/record.ts'
import { sortByNanoseconds } from './order.ts'

/** Piece of a body: a log, or a piece that cannot become one. */
export type Piece = LogRecord | Rejected

/** Step of a decoder: a piece, or undefined for a step without one. */
export type Step = Piece | undefined

/** Content of a body. */
export interface Decoded {
  records: LogRecord[]
  rejected: Rejected[]
}

/** Fields or elements of one step: well below a millisecond of work. */
export const stepSize = 500
/** Bytes of one step: about a millisecond of work. */
export const stepBytes = 64 * 1024

/** Milliseconds that a decoder may block the process. */
const maxTurnMs = 5

/** Gives other work a turn every few milliseconds. */
export class Turns {
  #since = performance.now()

  /** Whether other work should have a turn now. */
  get isDue (): boolean {
    return performance.now() - this.#since >= maxTurnMs
  }

  async give (): Promise<void> {
    await turn()
    this.#since = performance.now()
  }
}

/**
 * Runs a generator, with turns for other work; `onValue` gets the values that it yields.
 * Returns its result; a promise of it where other work had a turn.
 */
export function runInTurns<T, Result> (
  steps: Iterator<T | undefined, Result, void>, onValue: (value: T) => void = () => {}
): Result | Promise<Result> {
  const turns = new Turns()
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
    if (value !== undefined) onValue(value)
    if (turns.isDue) return turns.give().then(() => runInTurns(steps, onValue))
  }
}

/** Runs a generator in one go, for small work. Returns its result. */
export function runAtOnce<Result> (steps: Generator<undefined, Result, void>): Result {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** Resolves to all values of a generator, with turns for other work. */
export async function inTurns<T> (steps: Generator<T | undefined, void, void>): Promise<T[]> {
  const all: T[] = []
  await runInTurns(steps, (value) => all.push(value))
  return all
}

/** Resolves to all pieces of a decoder, with turns for other work. */
export async function collect (steps: Iterable<Step>): Promise<Decoded> {
  const decoded: Decoded = { records: [], rejected: [] }
  await runInTurns<Piece, unknown>(steps[Symbol.iterator](), (piece) => {
    if ('reason' in piece) decoded.rejected.push(piece)
    else decoded.records.push(piece)
  })
  sortByNanoseconds(decoded.records)
  return decoded
}
