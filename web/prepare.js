// Run by npm after it has installed the packages: builds the page, so that `npm start` serves it. Where only the packages
// for running are installed, there is nothing to build it with, and the package from npm has it already.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const vite = fileURLToPath(new URL('../node_modules/vite/bin/vite.js', import.meta.url))
if (existsSync(vite)) {
  const config = fileURLToPath(new URL('vite.config.ts', import.meta.url))
  const { status } = spawnSync(process.execPath, [vite, 'build', '--config', config, '--logLevel', 'warn'], { stdio: 'inherit' })
  process.exitCode = status ?? 1
}
