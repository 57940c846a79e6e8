// The keeper of a test run (see run.ts): node keeper.ts FOLDER RUNNER. It creates the things that test files share, cleans up
// after each test file that has ended, and stops, with all its processes, when the process RUNNER has ended.
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

// Its processes carry its mark, as those of a test file carry the file's.
process.env[cookie] = String(process.pid)

/** Things that the files share, each created on first use. */
const makers: Record<string, () => Promise<unknown>> = {
  /** A migrated SQLite file to copy. */
  'SQLite-template': () => makeSqliteTemplate(join(folder, 'template.sqlite')),
  ...makersOf(mariadb),
  ...makersOf(mysql)
}

function makersOf (kind: ServerKind): typeof makers {
  const { name } = kind
  return {
    /** An empty data directory to copy. */
    [`${name}-data`]: () => makeDataDirectory(kind, join(folder, `${name}-data`)),

    /** Access to the run's server of this kind. */
    async [name] () {
      const { access, pid } = await DatabaseServer.start({ kind, folder: join(folder, name), template: await get(`${name}-data`) })
      return { ...access, pid }
    },

    /** The statements that create all tables in an empty database. */
    [`${name}-template`]: async () => makeServerTemplate(await get(name))
  }
}

const made = new Map<string, Promise<any>>()

function get (what: string): Promise<any> {
  let making = made.get(what)
  if (!making) made.set(what, making = makers[what]!())
  return making
}

/** How long a process that was killed may take to end before it is looked for again, in milliseconds. */
const killedMs = 20

/** Process ids of the test files that run. */
const running = new Set<number>()

const keeper = createServer((request, response) => {
  const [, verb, name = ''] = request.url!.split('/')
  if (verb === 'file') {
    const pid = Number(name)
    mkdirSync(folderOf(folder, pid), { recursive: true })
    running.add(pid)
    response.once('close', () => {
      running.delete(pid)
      cleanUpAfter(pid)
    })
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
  for (const pid of running) kill(pid)
  for (const name of readdirSync(folder)) {
    const [, pid] = /^file-(\d+)$/.exec(name) ?? []
    if (pid !== undefined) cleanUpAfter(Number(pid))
  }
  killMarked(process.pid)
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
}

/** Ends the processes that a test file left running, and removes its folder. */
function cleanUpAfter (file: number): void {
  killMarked(file)
  const files = folderOf(folder, file)
  for (const mounted of mountsIn(files)) execFileSync('umount', ['--lazy', mounted])
  rmSync(files, { recursive: true, force: true, maxRetries: 10 })
}

/**
 * Kills all descendants of a process; only Linux lists them. Until none is left: one that becomes another program just
 * now has no environment for a moment, and one that starts another may do so before it ends.
 */
function killMarked (starter: number): void {
  const mark = `${cookie}=${starter}\0`
  const isMarked = (pid: number) => pid > 0 && pid !== process.pid && readOrEmpty(`/proc/${pid}/environ`).includes(mark)
  for (let marked; (marked = listed('/proc').map(Number).filter(isMarked)).length > 0;) {
    for (const pid of marked) kill(pid)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, killedMs)
  }
}

function kill (pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // The process has already ended.
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

/** Empty if the process ends meanwhile, or on a system without this file. */
function readOrEmpty (file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}
