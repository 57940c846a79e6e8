/** The result of one run of one subject. */
export interface Sample {
  /** Rows a second that were acknowledged, or, without HTTP, committed. */
  rows: number
  /** Requests a second that were answered 200. */
  requests?: number
  /** Milliseconds. */
  p50?: number
  p99?: number
  max?: number
  /** Answers other than 200. */
  refused?: number
  /** Connections that failed, broke or timed out. */
  errors?: number
  /** Peak resident memory of the server's process and its workers, in MB. */
  rss?: number
  /** Processor time a request in milliseconds, of the server with its workers, and of the database server. */
  processor?: number
  database?: number
}

/** One line of a report: a figure for each round, and its goal. */
export interface Finding {
  title: string
  values: number[]
  atLeast?: number
  atMost?: number
}

export interface Report {
  name: string
  /** What was measured, in one line. */
  title: string
  samples: Record<string, Sample[]>
  findings: Finding[]
}

export type Subjects = Record<string, () => Promise<Sample>>

/**
 * Runs every subject once a round. Each round starts with another subject, so that other load on the machine
 * affects all alike.
 */
export async function interleave (subjects: Subjects, rounds: number): Promise<Record<string, Sample[]>> {
  const names = Object.keys(subjects)
  const samples: Record<string, Sample[]> = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length]!
      samples[name]!.push(await subjects[name]!())
    }
  }
  return samples
}

type Wanted = Pick<Finding, 'atLeast' | 'atMost'>

/** The ratio of a figure of two subjects, round by round. */
export function ratio (
  samples: Record<string, Sample[]>,
  [one, other]: [subject: string, comparedWith: string],
  figure: keyof Sample,
  wanted: Wanted = {}
): Finding {
  const values = samples[one]!.map((sample, round) => sample[figure]! / samples[other]![round]![figure]!)
  return { title: `${one} / ${other}, ${labels[figure]}`, values, ...wanted }
}

/** A figure of one subject, with a goal of its own. */
export function figure (samples: Record<string, Sample[]>, name: string, figure: keyof Sample, wanted: Wanted = {}): Finding {
  return { title: `${name}, ${labels[figure]}`, values: samples[name]!.map((sample) => sample[figure]!), ...wanted }
}

export const labels: Record<keyof Sample, string> = {
  rows: 'rows/s',
  requests: 'requests/s',
  p50: 'p50 ms',
  p99: 'p99 ms',
  max: 'max ms',
  rss: 'RSS MB',
  processor: 'CPU ms',
  database: 'database CPU ms',
  refused: 'not 200',
  errors: 'errors'
}

export interface Spread {
  median: number
  min: number
  max: number
}

export function spreadOf (values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return { median: (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2, min: sorted[0]!, max: sorted.at(-1)! }
}

export type Verdict = 'reached' | 'within the spread' | 'missed'

/** Whether the median reaches the goal. If only some rounds do, the verdict is `within the spread`. */
export function verdictOf ({ values, atLeast = -Infinity, atMost = Infinity }: Finding): Verdict | undefined {
  if (atLeast === -Infinity && atMost === Infinity) return undefined
  const reaches = (value: number) => value >= atLeast && value <= atMost
  if (reaches(spreadOf(values).median)) return 'reached'
  return values.some(reaches) ? 'within the spread' : 'missed'
}
