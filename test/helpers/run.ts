// A run of the tests is one tap process and the test files that it starts. What the files share, and what they leave behind,
// belongs to the run's keeper: a process of its own (keeper.ts) that the first file starts and that ends with the run.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, statfsSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** tap's own process; this one where a test file is started by hand. */
const runner = process.env.TAP_CHILD_ID === undefined ? process.pid : process.ppid

/** In memory where there is enough of it, so that no test waits for a busy disk. */
const runFolder = join(hasFreeBytes('/dev/shm', 2 * 1024 ** 3) ? '/dev/shm' : tmpdir(), `loggerbot-test-${runner}`)

/** Marks every process that a test file starts, so that the keeper finds those that are left behind. */
export const cookie = 'LOGGERBOT_TEST_FILE'

let joined: Promise<void> | undefined

/** Resolves to the folder of this test file. The keeper removes it when this process ends, however it ends. */
export async function fileFolder (): Promise<string> {
  joined ??= joinRun()
  await joined
  return folderOf(runFolder, process.pid)
}

/** Asks the keeper for something that all files share: see `shared` in keeper.ts. */
export async function askKeeper (what: string): Promise<any> {
  await fileFolder()
  const answer = await ask(`/shared/${what}`)
  const body = await json(answer) as { error: string }
  if (answer.statusCode !== 200) throw new Error(body.error)
  return body
}

/** Ends the keeper, where there is one, once it has cleaned up. */
export async function endKeeper (): Promise<void> {
  const answer = await ask('/end').catch(() => undefined)
  if (answer) await once(answer.resume(), 'close')
}

/** The folder of a test file, by its process id. */
export function folderOf (runFolder: string, pid: number): string {
  return join(runFolder, `file-${pid}`)
}

/** Where the keeper listens. */
export function socketOf (runFolder: string): string {
  return join(runFolder, 'keeper')
}

async function joinRun (): Promise<void> {
  if (isFirst()) startKeeper()
  process.env[cookie] = String(process.pid)
  for (const deadline = performance.now() + 120_000; ;) {
    try {
      // The answer never ends: the keeper learns that this process has ended when the connection closes.
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
  // In a session of its own: Ctrl-C must leave it alive to clean up.
  spawn(process.execPath, ['--import=tsx', fileURLToPath(new URL('keeper.ts', import.meta.url)), runFolder, String(runner)], { detached: true, stdio: 'ignore' }).unref()
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
