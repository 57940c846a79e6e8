import { showSources } from './transpile.ts'

interface Timed {
  name: string
  milliseconds: number
}

const shownTests = 20
/** Lines of a failure to print: the first ones have the difference and the place. */
const shownLines = 40
/** The line of a file follows those of its tests. */
const file = /^(?:not )?ok \d+ - (\S+\.test\.ts) # time=([\d.]+)ms/
const test = /^ {4}(?:not )?ok \d+ - (.+) # time=([\d.]+)ms/
const subtest = /^( *)# Subtest: (.+)/
const failure = /^( *)not ok \d+ - (.+)/

/** Prints the slowest tests of a run, each failure, and the counts. */
export function printReport (report: string): void {
  const lines = report.split('\n')
  printSlowest(lines)
  printFailures(lines)
  // The last of tap's counts.
  const counts = lines.findLast((line) => line.startsWith('# { total:')) ?? ''
  const count = (what: string) => new RegExp(`${what}: (\\d+)`).exec(counts)?.[1] ?? 0
  console.log(`${count('pass')} passed, ${count('fail')} failed`)
}

function printSlowest (lines: string[]): void {
  const files: Timed[] = []
  const tests: Timed[] = []
  let waiting: Timed[] = []
  for (const line of lines) {
    const ofTest = test.exec(line)
    const ofFile = file.exec(line)
    if (ofTest) waiting.push({ name: ofTest[1]!, milliseconds: Number(ofTest[2]) })
    if (!ofFile) continue
    files.push({ name: ofFile[1]!, milliseconds: Number(ofFile[2]) })
    tests.push(...waiting.map(({ name, milliseconds }) => ({ name: `${ofFile[1]}: ${name}`, milliseconds })))
    waiting = []
  }
  print('files', files)
  print('tests', tests)
}

function print (kind: string, timed: Timed[]): void {
  console.log(`The slowest ${kind}, in seconds:`)
  for (const { name, milliseconds } of timed.sort((one, other) => other.milliseconds - one.milliseconds).slice(0, shownTests)) {
    console.log(`${(milliseconds / 1000).toFixed(1).padStart(7)}  ${name}`)
  }
}

/** Prints each failed assertion with the names of its tests. */
function printFailures (lines: string[]): void {
  const names: string[] = []
  for (const [i, line] of lines.entries()) {
    const opened = subtest.exec(line)
    const failed = failure.exec(line)
    if (opened) names.splice(opened[1]!.length / 4, Infinity, opened[2]!)
    if (!failed) continue
    const depth = failed[1]!.length / 4
    console.log(['FAILED', ...names.slice(0, depth), failed[2]].join(' > '))
    const end = lines.findIndex((other, at) => at > i && other.trim() === '...')
    if (lines[i + 1]?.trim() === '---') console.log(showSources(lines.slice(i + 2, Math.min(end, i + 2 + shownLines)).join('\n')))
  }
}
