import { keyOf } from '../../src/alerts/fingerprint.js'
import type { Bench } from '../bench.ts'
import { errorFolders, fill, loghubFolder, readErrorFormats, readLoghub } from '../grouping-corpora.ts'
import { scoreOf, type LabelledLog, type Score } from '../grouping-score.ts'
import type { Finding, Report } from '../measure.ts'

/** Languages whose error messages are scored one by one; those of all languages are scored together as well. */
const shownLanguages = [
  'english', 'german', 'french', 'spanish', 'portuguese', 'italian', 'polish', 'russian', 'ukrainian', 'chinese', 'japanese', 'korean'
]
/** Length of a log for which the cost is given. */
const logLength = 70
const minLogs = 50_000

const keyOfMessage = (message: string) => keyOf({ message, attributes: null })

/** How well logs are grouped by their fingerprints, by labelled logs of others, and what a fingerprint costs. */
export async function grouping (bench: Bench): Promise<Report[]> {
  const systems = readLoghub()
  if (Object.keys(systems).length === 0) console.log(`SKIPPED: the labelled logs of loghub are not in ${loghubFolder}\n`)
  return [...scoreSystems(systems), ...Object.entries(errorFolders).flatMap(scoreErrors), measureCost(bench, systems)]
}

function scoreSystems (systems: Record<string, LabelledLog[]>): Report[] {
  const scores = Object.entries(systems).map(([name, logs]) => [name, scoreOf(logs, keyOfMessage)] as const)
  if (scores.length === 0) return []
  const mean = scores.reduce((sum, [, { accuracy }]) => sum + accuracy, 0) / scores.length
  const wrong = scores.flatMap(([name, { wrongPairs }]) => wrongPairs.map((pair) => `${name}: ${pair.join(' and ')}`))
  if (wrong.length > 0) console.log(`wrong pairs: ${wrong.join(', ')}\n`)
  const findings = scores.flatMap(([name, score]) => findingsOf(name, score))
  return [{
    name: 'grouping',
    title: 'labelled logs of systems',
    samples: {},
    findings: [
      ...findings,
      { title: 'mean grouping accuracy, %', values: [100 * mean], atLeast: 90 },
      { title: 'wrong pairs', values: [wrong.length], atMost: 6 }
    ]
  }]
}

function findingsOf (name: string, { accuracy, labels, groups, wrongPairs }: Score): Finding[] {
  return [{ title: `${name}: ${labels} statements, ${groups} groups, ${wrongPairs.length} wrong pairs: accuracy, %`, values: [100 * accuracy] }]
}

function scoreErrors ([server, folder]: [string, string]): Report[] {
  const languages = Object.entries(readErrorFormats(folder))
  if (languages.length === 0) {
    console.log(`SKIPPED: the error messages of ${server} are not in ${folder}\n`)
    return []
  }
  const findings = languages.filter(([language]) => shownLanguages.includes(language)).map(([language, formats]): Finding => {
    const { accuracy, labels, wrongPairs } = scoreOf(fill(formats), keyOfMessage)
    return { title: `${language}: ${labels} formats, ${wrongPairs.length} wrong pairs: accuracy, %`, values: [100 * accuracy], atLeast: 98.5 }
  })
  const { labels, accuracy, wrongPairs } = scoreOf(fill([...new Set(languages.flatMap(([, formats]) => formats))]), keyOfMessage)
  findings.push({ title: `all ${languages.length} languages: ${labels} formats: accuracy, %`, values: [100 * accuracy], atLeast: 98.5 })
  findings.push({ title: `all ${languages.length} languages: wrong pairs`, values: [wrongPairs.length], atMost: server === 'MariaDB' ? 30 : undefined })
  return [{ name: 'grouping', title: `error messages of ${server}, filled with values`, samples: {}, findings }]
}

function measureCost ({ rounds }: Bench, systems: Record<string, LabelledLog[]>): Report {
  const logs = Object.values(systems).flat()
  const lines = (logs.length > 0 ? logs : fill(['User %s of %s failed to open %s: no such file or directory (%d)'])).map(({ message }) => message)
  const length = lines.reduce((sum, line) => sum + line.length, 0) / lines.length
  const repeat = Math.ceil(minLogs / lines.length)
  const measured = (work: (line: string) => void) => {
    const before = process.cpuUsage()
    for (let run = 0; run < repeat; run++) for (const line of lines) work(line)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / (repeat * lines.length) * logLength / length
  }
  // The first rounds warm up the compiler and are not counted.
  for (let round = 0; round < 5; round++) measured(keyOfMessage)
  const costs = Array.from({ length: Math.max(rounds, 5) }, () => measured(keyOfMessage))
  return {
    name: 'grouping',
    title: `cost of a log of ${logLength} characters`,
    samples: {},
    findings: [{ title: 'µs of CPU', values: costs, atMost: 1.5 }, { title: 'µs of a plain hash of its characters', values: Array.from({ length: 5 }, () => measured(hash)) }]
  }
}

let hashed = 0

function hash (line: string): void {
  for (let at = 0; at < line.length; at++) hashed = Math.imul(hashed ^ line.charCodeAt(at), 16777619)
}
