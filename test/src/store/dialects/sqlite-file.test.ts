import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loggerbot } from '../../../helpers/command.ts'
import { sqlite, temporaryFolder } from '../../../helpers/databases.ts'
import { createUser, log, send, startService } from '../../../helpers/service.ts'

const before = process.umask(0)
t.teardown(() => process.umask(before))

const modesOf = (file: string) => Object.fromEntries(['', '-wal', '-shm'].map((end) => [end, existsSync(`${file}${end}`) ? (statSync(`${file}${end}`).mode & 0o777).toString(8) : 'missing']))
const isPrivate = { '': '600', '-wal': '600', '-shm': '600' }

const folders: Record<string, (file: string) => void> = {
  'in a folder that is made': () => {},
  'in a folder that everybody may read': (file) => mkdirSync(join(file, '..'), { mode: 0o777 }),
  'that everybody may read, from an earlier version': (file) => {
    mkdirSync(join(file, '..'))
    writeFileSync(file, '', { mode: 0o666 })
    for (const end of ['', '-wal', '-shm']) {
      writeFileSync(`${file}${end}`, '')
      chmodSync(`${file}${end}`, 0o644)
    }
  }
}
for (const [where, prepare] of Object.entries(folders)) {
  t.test(`An SQLite file ${where} is its owner's alone, and so is what is beside it`, async (t) => {
    const file = join(temporaryFolder(t), 'folder', 'logs.sqlite')
    prepare(file)
    t.match(await loggerbot(['migrate'], { env: { LOGGER_DB_FILE: file } }), { code: 0 })
    const service = await startService(t, sqlite, { database: { file } })
    const token = await createUser(service, 'alice')
    t.equal((await send(service, 'alice', token, [log()])).status, 200)
    t.strictSame(modesOf(file), isPrivate)
  })
}
