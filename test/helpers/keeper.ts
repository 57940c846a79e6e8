// The keeper of a test run (see run.ts): node keeper.ts FOLDER RUNNER. It makes what the test files share, cleans up after
// each file whose process has ended, and ends, with all that it started, when the process RUNNER has ended.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { DatabaseServer, makeDataDirectory, mariadb, mysql, type ServerKind } from './servers.ts'
import { isAlive } from './processes.ts'
import { cookie, folderOf, socketOf } from './run.ts'
import { makeServerTemplate, makeSqliteTemplate } from './templates.ts'

const folder = process.argv[2]!
const runner = Number(process.argv[3])

// What it starts carries its mark, as what a test file starts carries the file's.
process.env[cookie] = String(process.pid)

/** What the files share; each is made when it is first asked for. */
const makers: Record<string, () => Promise<unknown>> = {
  /** A migrated SQLite file, to be copied. */
  'SQLite-template': () => makeSqliteTemplate(join(folder, 'template.sqlite')),
  ...makersOf(mariadb),
  ...makersOf(mysql)
}

function makersOf (kind: ServerKind): typeof makers {
  const { name } = kind
  return {
    /** An empty data directory, to be copied. */
    [`${name}-data`]: () => makeDataDirectory(kind, join(folder, `${name}-data`)),

    /** How to reach the run's server of this kind. */
    async [name] () {
      const { access, pid } = await DatabaseServer.start({ kind, folder: join(folder, name), template: await get(`${name}-data`) })
      return { ...access, pid }
    },

    /** The statements that bring an empty database of the server up to date. */
    [`${name}-template`]: async () => makeServerTemplate(await get(name))
  }
}

const made = new Map<string, Promise<any>>()

function get (what: string): Promise<any> {
  let making = made.get(what)
  if (!making) made.set(what, making = makers[what]!())
  return making
}

const keeper = createServer((request, response) => {
  const [, verb, name = ''] = request.url!.split('/')
  if (verb === 'file') {
    const pid = Number(name)
    mkdirSync(folderOf(folder, pid), { recursive: true })
    response.once('close', () => cleanUpAfter(pid))
    response.flushHeaders()
  } else if (verb === 'shared' && name in makers) {
    get(name).then(
      (value) => response.end(JSON.stringify(value)),
      (error) => response.writeHead(500).end(JSON.stringify({ error: String(error) })))
  } else {
    end()
    response.end(() => process.exit())
  }
})
keeper.listen(socketOf(folder))
setInterval(() => {
  if (isAlive(runner)) return
  end()
  process.exit()
}, 250)

function end (): void {
  for (const name of readdirSync(folder)) {
    const [, pid] = /^file-(\d+)$/.exec(name) ?? []
    if (pid !== undefined) cleanUpAfter(Number(pid))
  }
  killMarked(process.pid)
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
}

/** Ends what a test file has left running, and removes its folder. */
function cleanUpAfter (file: number): void {
  killMarked(file)
  const files = folderOf(folder, file)
  for (const mounted of mountsIn(files)) execFileSync('umount', ['--lazy', mounted])
  rmSync(files, { recursive: true, force: true, maxRetries: 10 })
}

/** Kills the processes that a process has started, and those that they have started; only Linux lists them. */
function killMarked (starter: number): void {
  const mark = `${cookie}=${starter}\0`
  for (const pid of listed('/proc').map(Number)) {
    if (pid > 0 && pid !== process.pid && readOrEmpty(`/proc/${pid}/environ`).includes(mark)) kill(pid)
  }
}

function kill (pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

function mountsIn (folder: string): string[] {
  return readOrEmpty('/proc/self/mounts').split('\n').map((line) => line.split(' ')[1] ?? '').filter((mounted) => mounted.startsWith(`${folder}/`))
}

function listed (folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** A process may end while it is looked at, and another system has no such file. */
function readOrEmpty (file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}
