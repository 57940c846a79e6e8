#!/usr/bin/env node
import { existsSync, readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { main } = await import(isBuilt() ? '../dist/src/cli.js' : await sources())

// The reader may stop before the end, as head does.
process.stdout.on('error', ({ code }) => {
  if (code === 'EPIPE') process.exit()
  process.stderr.write(`loggerbot: the output can't be written (${code})\n`)
  process.exit(1)
})
// There is nobody left to tell.
process.stderr.on('error', () => {})
process.exitCode = await main(process.argv.slice(2), process, process.env)

/** Whether the build is that of the sources. The published package has no sources. */
function isBuilt () {
  if (!existsSync(`${root}src/cli.ts`)) return true
  const built = statSync(`${root}dist/src/cli.js`, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return ['src', 'plugins', 'routes', 'migrations'].every((folder) =>
    // A folder changes when a file in it is renamed or deleted.
    ['', ...readdirSync(`${root}${folder}`, { recursive: true })].every((name) => statSync(`${root}${folder}/${name}`).mtimeMs < built))
}

/** A checkout that is not built runs its sources as they are. */
async function sources () {
  await import('tsx')
  return '../src/cli.ts'
}
