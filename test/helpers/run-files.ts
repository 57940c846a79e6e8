// Runs test files, two at a time: node run-files.ts FILE|FOLDER... prints a line a file, then the slowest tests and each
// failure, and ends with `N passed, N failed`.
//
// `npx tap` puts three hooks of the module loader in front of each file: tsx, and those of tap for coverage and source maps.
// Without them, in JavaScript that is made once, most files take half the processor time.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { printReport } from './report.ts'
import { endKeeper } from './run.ts'
import { copy, transpile, transpiledPath } from './transpile.ts'

/** As in .taprc. */
const fileTimeoutMs = 1_200_000
// tap reads it when it is imported.
process.env.TAP_TIMEOUT = String(fileTimeoutMs / 1000)
const { default: t } = await import('tap')
// The limit is that of a file, not of the run.
t.setTimeout(0)

/** These work on the checkout itself: its sources, its build, its packages. */
const ofCheckout = /^test\/(chaos|clients|page|program)\//

const root = fileURLToPath(new URL('../../', import.meta.url))
process.chdir(root)
const files = process.argv.slice(2).flatMap(listFiles)
await transpile(root)
// Node 22 and later load a compiled module in three quarters of the time. The copy is removed by the next run.
process.env.NODE_COMPILE_CACHE = join(root, copy, 'compiled')

t.jobs = 2
const report = text(t.pipe(new PassThrough()))
await Promise.all(files.map(runFile))
t.end()
process.exitCode = t.passing() ? 0 : 1
printReport(await report)
await endKeeper()

async function runFile (file: string): Promise<void> {
  const program = ofCheckout.test(file) ? ['--import=tsx', file] : [transpiledPath(file)]
  // tap adds its hooks by NODE_OPTIONS.
  const results = await t.spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, ...program], { name: file, at: null, stack: '', buffered: true, timeout: fileTimeoutMs })
  console.log(`${results?.ok ? 'ok    ' : 'FAILED'} ${file}`)
}

/** The test files in a folder, or the file itself. */
function listFiles (path: string): string[] {
  if (statSync(path).isFile()) return [path]
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && !name.includes('node_modules'))
    .sort()
    .map((name) => join(path, name))
}
