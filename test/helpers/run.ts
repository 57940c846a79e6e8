// A run of the tests is one tap process and the test files that it starts. The run's keeper (keeper.ts), a process that the
// first file starts and that ends with the run, creates the things that files share and removes everything they leave.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, statfsSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** The process of tap, or this one if a test file is started by hand. */
const runner = process.env.TAP_CHILD_ID === undefined ? process.pid : process.ppid

/** In memory if there is enough, so that no test waits for a busy disk. */
const runFolder = join(hasFreeBytes('/dev/shm', 2 * 1024 ** 3) ? '/dev/shm' : tmpdir(), `loggerbot-test-${runner}`)

/** Marks every process of a test file, so that the keeper finds those left running. */
export const cookie = 'LOGGERBOT_TEST_FILE'

let joined: Promise<void> | undefined

/** Resolves to the folder of this test file. The keeper removes it after any end of this process. */
export async function fileFolder (): Promise<string> {
  joined ??= joinRun()
  await joined
  return folderOf(runFolder, process.pid)
}

/** Gets a shared thing from the keeper: see `shared` in keeper.ts. */
export async function askKeeper (what: string): Promise<any> {
  await fileFolder()
  const answer = await ask(`/shared/${what}`)
  const body = await json(answer) as { error: string }
  if (answer.statusCode !== 200) throw new Error(body.error)
  return body
}

/** Stops the keeper, if there is one, once it has cleaned up. */
export async function endKeeper (): Promise<void> {
  const answer = await ask('/end').catch(() => undefined)
  if (answer) await once(answer.resume(), 'close')
}

/** The folder of a test file, named by its process id. */
export function folderOf (runFolder: string, pid: number): string {
  return join(runFolder, `file-${pid}`)
}

/** The socket of the keeper. */
export function socketOf (runFolder: string): string {
  return join(runFolder, 'keeper')
}

async function joinRun (): Promise<void> {
  if (isFirst()) startKeeper()
  process.env[cookie] = String(process.pid)
  for (const deadline = performance.now() + 120_000; ;) {
    try {
      // The answer never ends: a closed connection tells the keeper that this process has ended.
      const { socket } = await ask(`/file/${process.pid}`)
      socket.unref()
      return
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`no keeper of the test run in ${runFolder}`, { cause: error })
      await delay(20)
    }
  }
}

function isFirst (): boolean {
  try {
    mkdirSync(runFolder)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function startKeeper (): void {
  const extension = import.meta.url.slice(-3)
  const loader = extension === '.ts' ? ['--import=tsx'] : []
  // In its own session, so that it survives Ctrl-C and can clean up.
  spawn(process.execPath, [...loader, fileURLToPath(new URL(`keeper${extension}`, import.meta.url)), runFolder, String(runner)], { detached: true, stdio: 'ignore' }).unref()
}

async function ask (path: string): Promise<IncomingMessage> {
  const outgoing = request({ socketPath: socketOf(runFolder), path, agent: false }).end()
  const [answer] = await once(outgoing, 'response') as [IncomingMessage]
  return answer
}

function hasFreeBytes (folder: string, bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize >= bytes
  } catch {
    return false
  }
}
