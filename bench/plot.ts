// Plots of the bench's figures: node --import tsx bench/plot.ts FILE.json [FOLDER] draws an SVG for each scenario of a file
// that `npm run bench -- --json=FILE.json` wrote, by default into docs/plots. A report is a group of bars, one for each
// subject: the median of the rounds, with a line from the lowest to the highest, in proportion within the group.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { spreadOf, type Report, type Sample } from './measure.ts'

const barHeight = 14
const groupGap = 18
const titleWidth = 280
const barsWidth = 200
const panelGap = 90
const headHeight = 62
const colors = ['#2563eb', '#d97706', '#64748b', '#16a34a', '#9333ea', '#dc2626']

interface Panel {
  figure: keyof Sample
  title: string
}

const panels: Panel[] = [{ figure: 'rows', title: 'logs stored a second' }, { figure: 'p99', title: 'p99, ms' }]

const [file, folder = 'docs/plots'] = process.argv.slice(2)
if (file === undefined) throw new Error('usage: node --import tsx bench/plot.ts FILE.json [FOLDER]')
const bench: { date: string, machine: string, rounds: number, seconds: number, reports: Report[] } = JSON.parse(readFileSync(file, 'utf8'))
mkdirSync(folder, { recursive: true })
for (const name of new Set(bench.reports.map((report) => report.name))) {
  const reports = bench.reports.filter((report) => report.name === name && Object.keys(report.samples).length > 0)
  if (reports.length > 0) writeFileSync(join(folder, `${name}.svg`), draw(name, reports))
}

function draw (name: string, reports: readonly Report[]): string {
  const subjects = [...new Set(reports.flatMap(({ samples }) => Object.keys(samples)))]
  const heightOf = ({ samples }: Report) => Object.keys(samples).length * barHeight + groupGap
  const height = headHeight + reports.reduce((sum, report) => sum + heightOf(report), 0)
  const width = titleWidth + panels.length * (barsWidth + panelGap)
  const about = `${bench.date.slice(0, 10)}, ${bench.machine}, ${bench.rounds} × ${bench.seconds} s each`
  const parts = [
    text(8, 16, `${name}: ${about}`, 'bold'),
    ...subjects.map((subject, index) => text(8 + index * 130, 34, subject, 'bold', colorOf(subjects, subject)))
  ]
  for (const [index, { figure, title }] of panels.entries()) {
    const left = titleWidth + index * (barsWidth + panelGap)
    parts.push(text(left, 52, title))
    let top = headHeight
    for (const report of reports) {
      if (index === 0) parts.push(text(8, top + barHeight - 3, report.title))
      const highest = Math.max(...Object.values(report.samples).flat().map((sample) => sample[figure] ?? 0))
      for (const [line, [subject, samples]] of Object.entries(report.samples).entries()) {
        const values = samples.map((sample) => sample[figure]).filter((value) => value !== undefined)
        if (values.length > 0) parts.push(bar({ left, top: top + line * barHeight, values, highest, color: colorOf(subjects, subject) }))
      }
      top += heightOf(report)
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
${parts.filter((part) => part !== '').join('\n')}
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

function text (x: number, y: number, content: string, weight = 'normal', color = '#0f172a'): string {
  if (content === '') return ''
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x}" y="${y}" font-weight="${weight}" fill="${color}">${escaped}</text>`
}

function colorOf (subjects: readonly string[], subject: string): string {
  return colors[subjects.indexOf(subject) % colors.length] ?? 'black'
}
