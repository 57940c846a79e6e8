/** What one run of one subject showed. */
export interface Sample {
  /** Rows a second that were acknowledged, or committed where there is nobody to acknowledge to. */
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
  /** The most memory that the server's process held, in MB. */
  rss?: number
}

/** What a bench says in one line: a figure of each round, and what it should be. */
export interface Finding {
  what: string
  values: number[]
  atLeast?: number
  atMost?: number
}

export interface Report {
  name: string
  /** What was done, in one line. */
  title: string
  samples: Record<string, Sample[]>
  findings: Finding[]
}

export type Subjects = Record<string, () => Promise<Sample>>

/** Runs every subject once a round, each round beginning with another one: what the machine does meanwhile hits them all alike. */
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

/** One subject's figure over another's, round by round. */
export function ratio (samples: Record<string, Sample[]>, one: string, other: string, figure: keyof Sample, wanted: Wanted = {}): Finding {
  return { what: `${one} / ${other}, ${labels[figure]}`, values: samples[one]!.map((sample, round) => sample[figure]! / samples[other]![round]![figure]!), ...wanted }
}

/** One subject's figure, for what is wanted of it alone. */
export function figure (samples: Record<string, Sample[]>, name: string, figure: keyof Sample, wanted: Wanted = {}): Finding {
  return { what: `${name}, ${labels[figure]}`, values: samples[name]!.map((sample) => sample[figure]!), ...wanted }
}

export const labels: Record<keyof Sample, string> = {
  rows: 'rows/s',
  requests: 'requests/s',
  p50: 'p50 ms',
  p99: 'p99 ms',
  max: 'max ms',
  rss: 'RSS MB',
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

/** What a finding comes to. Where only some rounds reach what is wanted, the spread decides nothing. */
export function verdictOf ({ values, atLeast = -Infinity, atMost = Infinity }: Finding): 'reached' | 'within the spread' | 'missed' | undefined {
  if (atLeast === -Infinity && atMost === Infinity) return undefined
  const reaches = (value: number) => value >= atLeast && value <= atMost
  if (reaches(spreadOf(values).median)) return 'reached'
  return values.some(reaches) ? 'within the spread' : 'missed'
}
