// Plots of the bench's figures: node --import tsx bench/plot.ts FILE.json [FOLDER] draws an SVG for each scenario of a file
// that `npm run bench -- --json=FILE.json` wrote, by default into docs/plots. A report is its title and a group of bars,
// one for each subject: the median of the rounds, with a line from the lowest to the highest, in proportion within the
// group.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { spreadOf, type Report, type Sample } from './measure.ts'

const barHeight = 14
const groupGap = 12
const nameWidth = 150
const barsWidth = 240
const panelGap = 90
const headHeight = 44
const colors = ['#2563eb', '#d97706', '#64748b', '#16a34a', '#9333ea', '#dc2626']

interface Panel {
  figure: keyof Sample
  title: string
}

const panels: Panel[] = [{ figure: 'rows', title: 'logs stored a second' }, { figure: 'p99', title: 'p99, ms' }]

const [file, folder = 'docs/plots'] = process.argv.slice(2)
if (file === undefined) throw new Error('usage: node --import tsx bench/plot.ts FILE.json [FOLDER]')
const bench: { date: string, machine: string, rounds: number, reports: Report[] } = JSON.parse(readFileSync(file, 'utf8'))
mkdirSync(folder, { recursive: true })
for (const name of new Set(bench.reports.map((report) => report.name))) {
  const reports = bench.reports.filter((report) => report.name === name && Object.keys(report.samples).length > 0)
  if (reports.length > 0) writeFileSync(join(folder, `${name}.svg`), draw(name, reports))
}

function draw (name: string, reports: readonly Report[]): string {
  const subjects = [...new Set(reports.flatMap(({ samples }) => Object.keys(samples)))]
  const leftOf = (index: number) => nameWidth + index * (barsWidth + panelGap)
  const parts = [
    text(8, 16, `${name}: ${bench.date.slice(0, 10)}, ${bench.machine}, ${bench.rounds} rounds`, 'bold'),
    ...panels.map(({ title }, index) => text(leftOf(index), 36, title, 'bold'))
  ]
  let top = headHeight
  for (const { title, samples } of reports) {
    parts.push(text(8, top + barHeight - 3, title))
    const bars = Object.entries(samples)
    for (const [line, [subject]] of bars.entries()) parts.push(text(20, top + (line + 2) * barHeight - 3, subject))
    for (const [index, { figure }] of panels.entries()) {
      const highest = Math.max(...Object.values(samples).flat().map((sample) => sample[figure] ?? 0))
      for (const [line, [subject, rounds]] of bars.entries()) {
        const values = rounds.map((sample) => sample[figure]).filter((value) => value !== undefined)
        const color = colorOf(subjects, subject)
        if (values.length > 0) parts.push(bar({ left: leftOf(index), top: top + (line + 1) * barHeight, values, highest, color }))
      }
    }
    top += (bars.length + 1) * barHeight + groupGap
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${leftOf(panels.length)} ${top}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
${parts.join('\n')}
</svg>
`
}

interface Bar {
  left: number
  top: number
  values: readonly number[]
  highest: number
  color: string
}

function bar ({ left, top, values, highest, color }: Bar): string {
  const { median, min, max } = spreadOf(values)
  const [length, from, to] = [median, min, max].map((value) => Math.round(barsWidth * value / highest)) as [number, number, number]
  const middle = top + barHeight / 2
  return `<rect x="${left}" y="${top + 1}" width="${length}" height="${barHeight - 3}" fill="${color}"/>` +
    `<path d="M${left + from} ${middle}H${left + to}" stroke="#0f172a"/>` +
    text(left + Math.max(length, to) + 5, top + barHeight - 4, median.toLocaleString('en', { maximumSignificantDigits: 3 }))
}

function text (x: number, y: number, content: string, weight = 'normal'): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x}" y="${y}" font-weight="${weight}" fill="#0f172a">${escaped}</text>`
}

function colorOf (subjects: readonly string[], subject: string): string {
  return colors[subjects.indexOf(subject) % colors.length] ?? 'black'
}
