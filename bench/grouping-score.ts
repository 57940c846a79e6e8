/** A log and the statement of a program that wrote it. */
export interface LabelledLog {
  message: string
  /** Logs of one statement have the same label. */
  label: string
}

export interface Score {
  logs: number
  labels: number
  groups: number
  /** Share of the logs whose group holds all logs of their label and no other. */
  accuracy: number
  /** Pairs of labels that share a group. */
  wrongPairs: Array<[one: string, other: string]>
}

/**
 * Scores a grouping by its keys.
 * Source: "Tools and Benchmarks for Automated Log Parsing", Zhu and others, 2019: grouping accuracy.
 */
export function scoreOf (logs: readonly LabelledLog[], keyOf: (message: string) => string): Score {
  const labelSizes = new Map<string, number>()
  const groups = new Map<string, Map<string, number>>()
  for (const { message, label } of logs) {
    labelSizes.set(label, (labelSizes.get(label) ?? 0) + 1)
    const key = keyOf(message)
    const group = groups.get(key) ?? new Map<string, number>()
    groups.set(key, group.set(label, (group.get(label) ?? 0) + 1))
  }
  let right = 0
  const wrongPairs = new Map<string, [string, string]>()
  for (const group of groups.values()) {
    const labels = [...group.keys()].sort()
    const [first] = labels
    if (labels.length === 1 && group.get(first!) === labelSizes.get(first!)) right += labelSizes.get(first!)!
    for (const [index, one] of labels.entries()) {
      for (const other of labels.slice(index + 1)) wrongPairs.set(JSON.stringify([one, other]), [one, other])
    }
  }
  return {
    logs: logs.length,
    labels: labelSizes.size,
    groups: groups.size,
    accuracy: right / logs.length,
    wrongPairs: [...wrongPairs.values()]
  }
}
