import { labels, spreadOf, verdictOf, type Finding, type Report, type Sample } from './measure.ts'

/** Formats a report: a line for each subject, with medians and the spread of rates; then a line for each finding. */
export function format ({ name, title, samples, findings }: Report): string {
  const figures = (Object.keys(labels) as Array<keyof Sample>).filter((figure) =>
    Object.values(samples).flat().some((sample) => sample[figure] !== undefined))
  const rows = Object.entries(samples).map(([subject, rounds]) => [subject, ...figures.map((figure) => cell(rounds, figure))])
  return [
    `${name}: ${title}`,
    '',
    ...rows.length === 0 ? [] : [...table([['', ...figures.map((figure) => labels[figure])], ...rows]), ''],
    ...notAll200(samples) ? ['  NOT ALL ANSWERS WERE 200: rates count only those, latencies count all', ''] : [],
    ...table(findings.map((finding) => [finding.title, spread(finding.values), wanted(finding)]), 'left'),
    ''
  ].join('\n')
}

function notAll200 (samples: Report['samples']): boolean {
  return Object.values(samples).flat().some(({ refused = 0, errors = 0 }) => refused + errors > 0)
}

function cell (rounds: Sample[], figure: keyof Sample): string {
  const values = rounds.map((sample) => sample[figure]).filter((value) => value !== undefined)
  if (values.length === 0) return ''
  // These should be 0 in every round, so they are added up.
  if (figure === 'refused' || figure === 'errors') return short(values.reduce((sum, value) => sum + value, 0))
  if (figure === 'max' || figure === 'rss') return short(Math.max(...values))
  return figure === 'rows' ? spread(values) : short(spreadOf(values).median)
}

function spread (values: number[]): string {
  const { median, min, max } = spreadOf(values)
  return values.length === 1 ? short(median) : `${short(median)} (${short(min)}..${short(max)})`
}

function wanted (finding: Finding): string {
  const verdict = verdictOf(finding)
  if (verdict === undefined) return ''
  const limits = [
    finding.atLeast === undefined ? '' : `at least ${finding.atLeast}`,
    finding.atMost === undefined ? '' : `at most ${finding.atMost}`
  ]
  return `wanted: ${limits.filter(Boolean).join(', ')}: ${verdict}`
}

/** Formats three digits; a benchmark knows no more. */
function short (value: number): string {
  if (value >= 1_000_000) return `${(value / 1_000_000).toFixed(2)} M`
  if (value >= 10_000) return `${(value / 1000).toFixed(value >= 100_000 ? 0 : 1)} k`
  if (value >= 100 || Number.isInteger(value)) return value.toFixed(0)
  return value.toFixed(value >= 10 ? 1 : 2)
}

function table (rows: string[][], align: 'left' | 'right' = 'right'): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) => `  ${row.map((text, column) =>
    align === 'left' || column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!)).join('   ')}`.trimEnd())
}
