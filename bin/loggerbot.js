#!/usr/bin/env node
import module from 'node:module'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// Node 22 and later keep compiled modules on disk, for the next start.
module.enableCompileCache?.()

const root = fileURLToPath(new URL('..', import.meta.url))
const build = '../dist/src/cli.js'

// The reader may stop before the end, as head does.
process.stdout.on('error', ({ code }) => {
  if (code === 'EPIPE') process.exit()
  complain(`the output can't be written (${code})`)
  process.exit(1)
})
// Nobody is left to read the message.
process.stderr.on('error', () => {})

const entry = isBuilt() ? build : await findEntry()
if (entry === undefined) {
  complain('this checkout is not built: run npm ci && npm run build, and then, if you like, npm prune --omit=dev')
  process.exitCode = 1
} else {
  const { main } = await import(entry)
  process.exitCode = await main(process.argv.slice(2), process, process.env)
}

/** Whether the build is newer than the sources. The published package has no sources. */
function isBuilt () {
  if (!existsSync(`${root}src/cli.ts`)) return true
  const built = statSync(`${root}dist/src/cli.js`, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return ['src', 'plugins', 'routes', 'migrations'].every((folder) =>
    // A folder changes when a file in it is renamed or deleted.
    ['', ...readdirSync(`${root}${folder}`, { encoding: 'utf8', recursive: true })]
      .every((name) => statSync(`${root}${folder}/${name}`).mtimeMs < built))
}

/** The sources, if tsx is installed to run them, else the build, if there is one. */
async function findEntry () {
  try {
    await import('tsx')
    return '../src/cli.ts'
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
  }
  if (!existsSync(`${root}dist/src/cli.js`)) return undefined
  complain('the sources are newer than the build, which runs: npm ci && npm run build brings it up to date')
  return build
}

/** @param {string} line */
function complain (line) {
  process.stderr.write(`loggerbot: ${line}\n`)
}
