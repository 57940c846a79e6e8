// Prints the slowest tests of a run: node slowest.ts FILE, where FILE is tap's output.
import { readFileSync } from 'node:fs'

interface Timed {
  name: string
  milliseconds: number
}

const shown = 20
/** A file's own line stands behind those of its tests. */
const file = /^(?:not )?ok \d+ - (\S+\.test\.ts) # time=([\d.]+)ms/
const test = /^ {4}(?:not )?ok \d+ - (.+) # time=([\d.]+)ms/

const files: Timed[] = []
const tests: Timed[] = []
let waiting: Timed[] = []

for (const line of readFileSync(process.argv[2]!, 'utf8').split('\n')) {
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

function print (what: string, timed: Timed[]): void {
  console.log(`The slowest ${what}, in seconds:`)
  for (const { name, milliseconds } of timed.sort((one, other) => other.milliseconds - one.milliseconds).slice(0, shown)) {
    console.log(`${(milliseconds / 1000).toFixed(1).padStart(7)}  ${name}`)
  }
}
