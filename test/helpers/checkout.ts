import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { root, run, type CommandOptions } from './command.ts'
import { temporaryFolder } from './databases.ts'

/** What other Node versions need is kept from one run of the tests to the next. */
const cache = join(root, 'node_modules/.cache/loggerbot')

/** What a checkout needs in order to run. */
const parts = ['src', 'plugins', 'routes', 'migrations', 'seeds', 'bin', 'knexfile.js', 'knexfile.ts', 'package.json']

/** A copy of the checkout, to change at will and to run on this Node. It goes when the test ends. */
export async function copyCheckout (t: Test, node = process.execPath): Promise<string> {
  const folder = temporaryFolder(t)
  for (const part of parts) cpSync(join(root, part), join(folder, part), { recursive: true })

  const modules = join(folder, 'node_modules')
  mkdirSync(modules)
  const packages = readdirSync(join(root, 'node_modules')).filter((name) => name !== '.cache').map((name) => join(root, 'node_modules', name))
  // Half a gigabyte: linked where the file system lets us, else copied.
  if ((await run('cp', ['-al', ...packages, modules])).code !== 0) await mustRun('cp', ['-a', ...packages, modules])

  if (node !== process.execPath) {
    const own = join(dirname(node), '../../better-sqlite3')
    const sqlite = join(modules, 'better-sqlite3')
    rmSync(sqlite, { recursive: true, force: true })
    cpSync(own, sqlite, { recursive: true })
  }
  return folder
}

/** The newest Node of a major version, from npm, and beside it the better-sqlite3 that an install with it would bring. */
export async function installNode (major: number): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`
  const node = join('node_modules', name, 'bin/node')
  const kept = join(cache, `node-${major}`)
  if (!existsSync(join(kept, node))) {
    const fresh = `${kept}-${randomBytes(4).toString('hex')}`
    mkdirSync(fresh, { recursive: true })
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
    await mustRun('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', fresh,
      `${name}@${major}`, `better-sqlite3@${packages['node_modules/better-sqlite3'].version}`])
    rmSync(kept, { recursive: true, force: true })
    renameSync(fresh, kept)
  }
  return join(kept, node)
}

/** Runs a program; resolves to what it printed, or throws what it said when it failed. */
export async function mustRun (program: string, args: string[], options?: CommandOptions): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, options)
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`)
  return stdout
}
