// The problems of an instance, noted where the follower tells of them.
import { randomUUID } from 'node:crypto'
import { statfs } from 'node:fs/promises'
import type { Knex } from 'knex'
import { Background } from '../cluster/background.ts'
import { noteProblem, type ProblemKind } from './problems.ts'

/** Interval at which an instance looks at itself, in milliseconds. */
const lookMs = 10_000
/** A disk with less than this is nearly full. */
const leastFreeBytes = 1024 ** 3
const leastFreeShare = 0.05

/** What an instance looks at. */
export interface OwnFacts {
  /** Bytes that wait in the spool of this instance. */
  spoolBytes: () => number
  /** Folders of the database and of the spool, as far as they are on this machine. */
  folders: () => string[]
  /** Why the last deletion of expired logs failed; undefined where it did not. */
  retentionFailure: () => string | undefined
}

export interface OwnProblem {
  kind: ProblemKind
  detail: string
}

/** Notes the problems of this instance while it has them. */
export class OwnProblems {
  readonly #knex: Knex
  readonly #facts: OwnFacts
  readonly #instance = randomUUID()
  readonly #background: Background

  constructor (knex: Knex, facts: OwnFacts) {
    this.#knex = knex
    this.#facts = facts
    // A database that is unavailable is noticed by others.
    this.#background = new Background(() => this.#note(), lookMs, () => {})
  }

  start (): void {
    this.#background.start()
  }

  runNow (): Promise<void> {
    return this.#background.runNow()
  }

  end (): Promise<void> {
    return this.#background.end()
  }

  async #note (): Promise<void> {
    for (const problem of await findProblems(this.#facts)) {
      await noteProblem(this.#knex, { instance: this.#instance, ...problem })
    }
  }
}

async function findProblems ({ spoolBytes, folders, retentionFailure }: OwnFacts): Promise<OwnProblem[]> {
  const found: OwnProblem[] = []
  const bytes = spoolBytes()
  if (bytes > 0) found.push({ kind: 'spool', detail: `${bytes} bytes wait in the spool` })
  const failure = retentionFailure()
  if (failure !== undefined) found.push({ kind: 'retention', detail: `the deletion of expired logs fails: ${failure}` })
  for (const folder of new Set(folders())) {
    const space = await statfs(folder).catch(() => undefined)
    if (space && isNearlyFull(space)) {
      const megabytes = Math.round(space.bavail * space.bsize / 1e6)
      found.push({ kind: 'disk', detail: `the disk of ${folder} has ${megabytes} MB free` })
    }
  }
  return found
}

/** Whether a disk has less than 1 GiB, or than 5 %, for files of this process. */
function isNearlyFull ({ bavail, bsize, blocks }: { bavail: number, bsize: number, blocks: number }): boolean {
  return bavail * bsize < leastFreeBytes || bavail < blocks * leastFreeShare
}
