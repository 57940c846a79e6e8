import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { tmpdir } from 'node:os'
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
    const build = join(modules, 'better-sqlite3/build')
    rmSync(build, { recursive: true })
    mkdirSync(join(build, 'Release'), { recursive: true })
    cpSync(await sqliteFor(node), join(build, 'Release/better_sqlite3.node'))
  }
  return folder
}

/** The newest Node of a major version, from npm. Its headers lie beside it. */
export async function installNode (major: number): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`
  const node = join('node_modules', name, 'bin/node')
  const kept = join(cache, `node-${major}`)
  if (!existsSync(join(kept, node))) {
    const fresh = `${kept}-${randomBytes(4).toString('hex')}`
    mkdirSync(fresh, { recursive: true })
    await mustRun('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', fresh, `${name}@${major}`])
    rmSync(kept, { recursive: true, force: true })
    renameSync(fresh, kept)
  }
  return join(kept, node)
}

/** better-sqlite3, compiled for this Node. */
async function sqliteFor (node: string): Promise<string> {
  const sources = join(root, 'node_modules/better-sqlite3')
  const { version } = JSON.parse(readFileSync(join(sources, 'package.json'), 'utf8'))
  const abi = (await mustRun(node, ['-p', 'process.versions.modules'])).trim()
  const kept = join(cache, `better-sqlite3-${version}-${process.platform}-${process.arch}-${abi}.node`)
  if (existsSync(kept)) return kept

  const folder = mkdtempSync(join(tmpdir(), 'loggerbot-sqlite-'))
  try {
    cpSync(sources, folder, { recursive: true, filter: (file) => file !== join(sources, 'build') })
    const gyp = join((await mustRun('npm', ['root', '-g'])).trim(), 'npm/node_modules/node-gyp/bin/node-gyp.js')
    // Without optimisation it compiles in a third of the time.
    await mustRun(process.execPath, [gyp, 'rebuild', '--debug'], {
      cwd: folder,
      // As a variable, because a user's own nodedir, which npm hands down as one, goes before a flag.
      env: { PATH: `${dirname(node)}${delimiter}${process.env.PATH}`, npm_config_nodedir: dirname(dirname(node)) }
    })
    const built = join(folder, 'build/Debug/better_sqlite3.node')
    // What was compiled against other headers must not be kept.
    await mustRun(node, ['-e', 'process.dlopen({ exports: {} }, process.argv[1])', built])
    const fresh = `${kept}-${randomBytes(4).toString('hex')}`
    cpSync(built, fresh)
    renameSync(fresh, kept)
  } finally {
    rmSync(folder, { recursive: true })
  }
  return kept
}

/** Runs a program; resolves to what it printed, or throws what it said when it failed. */
export async function mustRun (program: string, args: string[], options?: CommandOptions): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, options)
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`)
  return stdout
}
