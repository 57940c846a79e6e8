#!/usr/bin/env node
// A checkout runs its sources as they are; the published package holds only the build.
import { existsSync } from 'node:fs'

const sources = new URL('../src/cli.ts', import.meta.url)
if (existsSync(sources)) await import('tsx')
const { main } = await import(existsSync(sources) ? sources.href : '../dist/src/cli.js')

// The reader may stop before the end, as head does.
process.stdout.on('error', ({ code }) => {
  if (code === 'EPIPE') process.exit()
  process.stderr.write(`loggerbot: the output can't be written (${code})\n`)
  process.exit(1)
})
// There is nobody left to tell.
process.stderr.on('error', () => {})
process.exitCode = await main(process.argv.slice(2), process, process.env)
