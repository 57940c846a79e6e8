import { setImmediate as turn } from 'node:timers/promises'
import type { Rejected } from '../model/batch.ts'
import type { LogRecord } from '../model/record.ts'
import { inOrderOfNanoseconds } from './order.ts'

/** What a body holds, in order: logs, and pieces that can't become one. */
export type Piece = LogRecord | Rejected

/** What every decoder yields: a piece, or undefined where it walked on without one, so that others can have a turn. */
export type Step = Piece | undefined

/** All that a body holds. */
export interface Decoded {
  records: LogRecord[]
  rejected: Rejected[]
}

/** Fields or elements that a decoder walks between two steps: well below a millisecond of work. */
export const stepSize = 500
/** Bytes that a decoder walks between two steps: about a millisecond of work. */
export const stepBytes = 64 * 1024

/** Milliseconds that a decoder has the process for itself. */
const maxTurnMs = 5

/** Gives others a turn, if there was none for some milliseconds. */
export class Turns {
  #since = performance.now()

  /** Whether it is time for one. */
  get isDue (): boolean {
    return performance.now() - this.#since >= maxTurnMs
  }

  async give (): Promise<void> {
    await turn()
    this.#since = performance.now()
  }
}

/** Hands on all that a generator yields; others have their turns in between. Resolves to what it returns. */
export async function runInTurns<T, Result> (steps: Iterator<T | undefined, Result, void>, take: (one: T) => void = () => {}): Promise<Result> {
  const turns = new Turns()
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
    if (value !== undefined) take(value)
    if (turns.isDue) await turns.give()
  }
}

/** Runs a generator to its end in one go, for what is known to be small. Returns what it returns. */
export function runAtOnce<Result> (steps: Generator<undefined, Result, void>): Result {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** All that a generator yields, with turns for others. */
export async function inTurns<T> (steps: Generator<T | undefined, void, void>): Promise<T[]> {
  const all: T[] = []
  await runInTurns(steps, (one) => all.push(one))
  return all
}

/** All that a decoder yields, with turns for others. */
export async function collect (steps: Iterable<Step>): Promise<Decoded> {
  const decoded: Decoded = { records: [], rejected: [] }
  await runInTurns<Piece, unknown>(steps[Symbol.iterator](), (piece) => {
    if ('reason' in piece) decoded.rejected.push(piece)
    else decoded.records.push(piece)
  })
  inOrderOfNanoseconds(decoded.records)
  return decoded
}
