import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { root, run, type CommandOptions } from './command.ts'
import { temporaryFolder } from './databases.ts'

/** Kept between runs of the tests; `npm ci` empties node_modules. */
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'loggerbot-test')

/** What a checkout needs to run and to be packed. A build must be newer than the sources, so it is copied last. */
const parts = [
  'src', 'plugins', 'routes', 'migrations', 'seeds', 'web', 'bin', 'knexfile.js', 'knexfile.ts', 'package.json',
  'README.md', 'CHANGELOG.md', 'SECURITY.md', 'docs', 'tsconfig.json', 'tsconfig.build.json', 'dist'
].filter((part) => existsSync(join(root, part)))

/** Whether the build is newer than all its sources. */
export function isBuilt (): boolean {
  const builtAt = statSync(join(root, 'dist/src/cli.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0
  return existsSync(join(root, 'dist/page/index.html')) && ['src', 'plugins', 'routes', 'migrations', 'web'].every((folder) => (
    readdirSync(join(root, folder), { encoding: 'utf8', recursive: true }).every((name) => statSync(join(root, folder, name)).mtimeMs < builtAt)
  ))
}

/** Copies the checkout, with links to its packages or to the given ones. Removed when the test ends. */
export async function copyCheckout (t: Test, packages: Record<string, string> = {}): Promise<string> {
  const folder = temporaryFolder(t)
  for (const part of parts) cpSync(join(root, part), join(folder, part), { recursive: true })

  const modules = join(folder, 'node_modules')
  mkdirSync(modules)
  const links = Object.fromEntries(readdirSync(join(root, 'node_modules')).map((name) => [name, join(root, 'node_modules', name)]))
  for (const [name, target] of Object.entries({ ...links, ...packages })) symlinkSync(target, join(modules, name))
  return folder
}

/** Other versions of Node, and the better-sqlite3 that they use. */
export interface OtherNodes {
  /** Path of Node for each major version, in the given order. */
  nodes: string[]
  /** The folder of better-sqlite3. */
  sqlite: string
}

/** Installs the newest Node of each major version from npm, once on this machine. */
export async function installNodes (majors: number[]): Promise<OtherNodes> {
  const platform = `${process.platform}-${process.arch}`
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const sqliteVersion = packages['node_modules/better-sqlite3'].version
  const kept = join(cache, [platform, ...majors, sqliteVersion].join('-'))
  if (!existsSync(kept)) {
    // npm continues in the folder of an interrupted run.
    const fresh = `${kept}.part`
    mkdirSync(fresh, { recursive: true })
    await mustRun('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', fresh,
      ...majors.map((major) => `node-${major}@npm:node-${platform}@${major}`), `better-sqlite3@${sqliteVersion}`])
    renameSync(fresh, kept)
  }
  const modules = join(kept, 'node_modules')
  return { nodes: majors.map((major) => join(modules, `node-${major}/bin/node`)), sqlite: join(modules, 'better-sqlite3') }
}

/** Runs a program; resolves to its output, or throws an error with all of it. */
export async function mustRun (program: string, args: string[], options?: CommandOptions): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, options)
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`)
  return stdout
}
