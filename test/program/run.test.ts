import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { cleanEnvironment } from '../helpers/command.ts'
import { isAlive } from '../helpers/processes.ts'
import { mariadb } from '../helpers/servers.ts'
import { until } from '../helpers/until.ts'

const fixture = fileURLToPath(new URL('../fixtures/leaves-everything.ts', import.meta.url))

const file = [process.execPath, '--import=tsx', fixture]

/** How a test file is started: the first process is the run. */
const runs = {
  'a test file that was started by hand': file,
  'a runner with a test file': ['sh', '-c', 'TAP_CHILD_ID=1 "$0" "$@"; true', ...file]
}

for (const [name, [program, ...args]] of Object.entries(runs)) {
  t.test(`${name} leaves no server, process or folder behind when it is killed`, { skip: mariadb.missing }, async (t) => {
    const child = spawn(program!, args, { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(child.stdout, 'data')
    const { folder, pids } = JSON.parse(line)
    t.ok(existsSync(folder))
    t.strictSame(pids.map(isAlive), [true, true, true])

    child.kill('SIGKILL')
    await until('the folder is gone', () => !existsSync(folder))
    await until('the processes are gone', () => !pids.some(isAlive))
    await until('the folder of the run is gone', () => !existsSync(dirname(folder)))
    t.pass('all of it is gone')
  })
}
