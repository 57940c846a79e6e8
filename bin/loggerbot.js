#!/usr/bin/env node
// A checkout runs its sources as they are; the published package holds only the build.
import { existsSync } from 'node:fs'

const sources = new URL('../src/cli.ts', import.meta.url)
if (existsSync(sources)) await import('tsx')
const { main } = await import(existsSync(sources) ? sources.href : '../dist/src/cli.js')
await main(process.argv.slice(2))
