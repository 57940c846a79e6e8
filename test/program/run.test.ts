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

t.test('a run that is killed leaves no server, process or folder behind', { skip: mariadb.missing }, async (t) => {
  const child = spawn(process.execPath, ['--import=tsx', fixture], { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  const { folder, pids } = JSON.parse(line)
  t.ok(existsSync(folder))
  t.strictSame(pids.map(isAlive), [true, true])

  child.kill('SIGKILL')
  await until('the folder is gone', () => !existsSync(folder))
  await until('the processes are gone', () => !pids.some(isAlive))
  await until('the folder of the run is gone', () => !existsSync(dirname(folder)))
  t.pass('all of it is gone')
})
