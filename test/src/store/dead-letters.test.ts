import { createHash } from 'node:crypto'
import type { Knex } from 'knex'
import t from 'tap'
import { contractToken } from '../../../src/authenticate/token.ts'
import { utcTime } from '../../../src/model/instant.ts'
import { DeadLetterCap, expireDeadLetters } from '../../../src/store/dead-letter-limits.ts'
import { deadLettersOf } from '../../../src/store/dead-letters.ts'
import { tokensOf } from '../../../src/store/tokens.ts'
import { loggerbot } from '../../helpers/command.ts'
import { databases, environmentOf } from '../../helpers/databases.ts'
import { http } from '../../helpers/http.ts'
import { basic, createUser, log, send, startService, stored } from '../../helpers/service.ts'

/** From now on the database refuses the message `poison`; returns what lets it in again. */
async function refusePoison (knex: Knex, name: string): Promise<() => Promise<void>> {
  const [set, lift] = name !== 'SQLite'
    ? ["ALTER TABLE user_logs ADD CONSTRAINT poison CHECK (log_msg <> 'poison')", 'ALTER TABLE user_logs DROP CONSTRAINT poison']
    : ["CREATE TRIGGER poison BEFORE INSERT ON user_logs WHEN NEW.log_msg = 'poison' BEGIN SELECT RAISE(ABORT, 'no poison'); END", 'DROP TRIGGER poison']
  await knex.raw(set!)
  return async () => { await knex.raw(lift!) }
}

for (const database of databases) {
  t.test(`what the database refuses, on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const env = environmentOf(service.options)
    const token = await createUser(service, 'alice')
    const letIn = await refusePoison(service.knex, database.name)
    const messages = async () => (await stored(service.knex)).map(({ log_msg: message }) => message).sort()
    const list = async () => (await loggerbot(['dead-letters', 'list'], { env })).stdout.trim().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line))

    await t.test('goes to dead letters alone, and its neighbours are stored', async (t) => {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => send(service, 'alice', token, [
        log({ msg: `${index} first` }), log({ msg: index === 7 ? 'poison' : `${index} second`, order_id: 12 }), log({ msg: `${index} third` })
      ])))
      for (const { status } of answers) t.equal(status, 200)
      t.strictSame(await messages(), Array.from({ length: 20 }, (_, index) =>
        index === 7 ? ['7 first', '7 third'] : [`${index} first`, `${index} second`, `${index} third`]).flat().sort())
      const letters = await list()
      t.match(letters, [{ id: /^\d{15,20}$/, userId: 1, source: 'database', createdAt: /^\d{4}-/, reason: /poison/ }])
      t.match(JSON.parse(letters[0].record), { message: 'poison', severity: 'error', attributes: { order_id: 12 } })
    })

    await t.test('stays while it is refused, and is stored once it is not, in its place', async (t) => {
      t.match(await loggerbot(['dead-letters', 'replay'], { env }), { code: 0, stdout: '0 stored, 1 left\n' })
      await letIn()
      t.match(await loggerbot(['dead-letters', 'replay'], { env }), { code: 0, stdout: '1 stored, 0 left\n' })
      t.match(await loggerbot(['dead-letters', 'replay'], { env }), { code: 0, stdout: '0 stored, 0 left\n' })
      t.strictSame((await stored(service.knex)).map(({ log_msg: message }) => message).filter((message) => /^7 |poison/.test(message)), ['7 first', 'poison', '7 third'])
    })

    await t.test('stays where its record is cut, and keeps no other from being stored', async (t) => {
      await service.knex('user_logs').delete()
      const letIn = await refusePoison(service.knex, database.name)
      await send(service, 'alice', token, [log({ msg: 'poison' })])
      await letIn()
      const cut = { user_id: 1, created_at: '2026-01-01 00:00:00.000000', source: 'database', record: '{"mess', record_bytes: 600_000, record_sha256: 'a'.repeat(64), reason: 'too long' }
      await service.knex('dead_letters').insert({ id: 1, ...cut })
      t.match(await loggerbot(['dead-letters', 'replay'], { env }), { code: 0, stdout: '1 stored, 1 left\n' })
      await loggerbot(['dead-letters', 'delete', '1'], { env })
    })

    await t.test('can be forgotten', async (t) => {
      await service.knex('user_logs').delete()
      await refusePoison(service.knex, database.name)
      t.equal((await send(service, 'alice', token, [log({ msg: 'poison' })])).status, 200)
      const [{ id }] = await list()
      t.match(await loggerbot(['dead-letters', 'delete', id], { env }), { code: 0, stdout: `dead letter ${id} is deleted\n` })
      t.strictSame(await list(), [])
      for (const unknown of [id, 'x']) t.match(await loggerbot(['dead-letters', 'delete', unknown], { env }), { code: 1, stderr: `loggerbot: there is no dead letter ${unknown}\n` })
    })
  })
}

for (const database of databases) {
  t.test(`how many dead letters there may be, on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const { knex } = service
    for (const name of ['alice', 'bob']) await createUser(service, name)
    const id = (milliseconds: number, index: number) => ((BigInt(milliseconds) << 16n) + BigInt(index)).toString()
    const now = Date.now()
    const letters = (userId: number | null, count: number, { milliseconds = now - 60_000, bytes = 1 } = {}) => Array.from({ length: count }, (_, index) => ({
      id: id(milliseconds, index + 20_000 * (userId ?? 0)), user_id: userId, created_at: utcTime(milliseconds), source: 'json', record: '', record_bytes: bytes, reason: ''
    }))
    const countOf = async (userId: number | null) => Number((await knex('dead_letters').where('user_id', userId).count({ count: '*' }))[0]!.count)
    t.beforeEach(() => knex('dead_letters').delete())

    await t.test('a user keeps the newest 10,000, and the newest 64 MiB; others are not touched', async (t) => {
      await knex.batchInsert('dead_letters', [...letters(1, 10_300), ...letters(2, 5)], 200)
      await deadLettersOf(knex).trim(1)
      t.strictSame([await countOf(1), await countOf(2)], [10_000, 5])
      const [oldest] = await knex('dead_letters').where('user_id', 1).orderBy('id').limit(1)
      t.equal(String(oldest.id) >= id(now - 60_000, 20_300), true)

      await knex('dead_letters').where('user_id', 1).delete()
      await knex.batchInsert('dead_letters', letters(1, 200, { bytes: 10_000_000 }), 200)
      let deleted = 0
      const cap = new DeadLetterCap(knex, (error) => t.fail(String(error)), (letters) => { deleted += letters })
      await cap.trimAll()
      t.strictSame([await countOf(1), await countOf(2), deleted], [128, 5, 72])
      cap.add(2, 1, 1)
      await cap.end()
    })

    await t.test('they expire with the logs', async (t) => {
      const day = 86_400_000
      for (const [userId, age] of [[1, 3], [1, 1], [2, 3], [null, 3], [null, 1]] as const) {
        await knex('dead_letters').insert(letters(userId, 1, { milliseconds: now - age * day }))
      }
      await expireDeadLetters(knex, now, 2, [{ id: 1, retentionDays: null }, { id: 2, retentionDays: 0 }])
      t.strictSame([await countOf(1), await countOf(2), await countOf(null)], [1, 1, 1])
    })

    await t.test('they are deleted with all of a user\'s logs, and with fewer they stay', async (t) => {
      await knex.batchInsert('dead_letters', [...letters(1, 3), ...letters(2, 3)], 200)
      const remove = async (query: string) => {
        const path = `/api/logs?${query}`
        const { confirm } = JSON.parse((await http(service.port, 'DELETE', path, basic('alice'))).body)
        t.equal((await http(service.port, 'DELETE', `${path}&confirm=${confirm}`, basic('alice'))).status, 200)
      }
      for (const query of ['query=error', 'from=-1h', 'to=-1h']) await remove(query)
      t.strictSame([await countOf(1), await countOf(2)], [3, 3])
      await remove('')
      t.strictSame([await countOf(1), await countOf(2)], [0, 3])
    })

    await t.test('tokens that were revoked, or expired a week before the newest batch, are deleted', async (t) => {
      const tokens = tokensOf(knex)
      await knex('tokens').delete()
      const make = (name: string, expiresAt: string | null = null) => tokens.insert({ userId: 1, name, hash: createHash('sha256').update(name).digest(), scopes: ['read'], expiresAt }, { by: { name: 'alice' }, action: 'token.make', detail: {} })
      await make('good')
      await make('later', utcTime(now + 86_400_000))
      await make('lately', utcTime(now - 86_400_000))
      await make('long ago', utcTime(now - 8 * 86_400_000))
      await tokens.revoke(1, await make('revoked'), { by: { name: 'alice' }, action: 'token.revoke', detail: {} })
      await tokens.purge()
      t.strictSame((await knex('tokens').pluck('name')).sort(), ['good', 'lately', 'later', 'long ago'], 'nothing was stored')
      await send(service, 'alice', contractToken('alice', 'password'), [log()])
      await tokens.purge()
      t.strictSame((await knex('tokens').pluck('name')).sort(), ['good', 'lately', 'later'])
    })
  })
}
