// Runs of neighbours that say the same: the first one is shown, with the number of the others.
import type { Log } from '../api/types.ts'
import { templateOf } from './template.ts'

export interface LoadedRows {
  /** Index of the first row. */
  start: number
  /** Index after the last row. */
  end: number
  at (index: number): Log | undefined
}

interface Run {
  /** Index of the row that is shown. */
  leader: number
  others: number
  /** What its rows say; undefined: nothing joins it. */
  key: string | undefined
}

export class Folds {
  readonly #runs = new Map<number, Run>()
  #first: Run | undefined
  #last: Run | undefined
  #start = 0
  #end = 0

  /** Number of rows that are folded into the row at an index. */
  othersOf (index: number): number {
    return this.#runs.get(index)?.others ?? 0
  }

  /** Reads the rows that are new at both ends; gives the indices of those to hide. */
  extend (rows: LoadedRows): number[] {
    if (!this.#first) this.#start = this.#end = rows.start
    const hidden: number[] = []
    const before = this.#read(rows, { from: rows.start, to: this.#start }, hidden)
    const after = this.#read(rows, { from: this.#end, to: rows.end }, hidden)
    this.#first ??= after[0]
    if (this.#last && after[0] && this.#join(this.#last, after[0], hidden)) after[0] = this.#last
    this.#last = after.at(-1) ?? this.#last
    const neighbour = before.at(-1)
    if (this.#first && neighbour && this.#join(neighbour, this.#first, hidden) && this.#last === this.#first) {
      this.#last = neighbour
    }
    this.#first = before[0] ?? this.#first
    this.#start = rows.start
    this.#end = rows.end
    return hidden
  }

  /** Shows the rows of a run again; gives their indices. */
  unfold (leader: number): number[] {
    const run = this.#runs.get(leader)
    if (!run) return []
    const rows = Array.from({ length: run.others }, (_, index) => leader + 1 + index)
    run.others = 0
    run.key = undefined
    return rows
  }

  #read (rows: LoadedRows, { from, to }: { from: number, to: number }, hidden: number[]): Run[] {
    const runs: Run[] = []
    for (let index = from; index < to; index++) {
      const run: Run = { leader: index, others: 0, key: keyOf(rows.at(index)) }
      const last = runs.at(-1)
      if (!last || !this.#join(last, run, hidden)) runs.push(run)
    }
    return runs
  }

  /** Joins a run to the one before it, if both say the same. */
  #join (run: Run, next: Run, hidden: number[]): boolean {
    if (run.key === undefined || run.key !== next.key) return false
    run.others += next.others + 1
    hidden.push(next.leader)
    this.#runs.delete(next.leader)
    this.#runs.set(run.leader, run)
    return true
  }
}

function keyOf (log: Log | undefined): string | undefined {
  return log && `${log.process}\n${log.level}\n${templateOf(log.message)}`
}
