import t from 'tap'
import { Gatherer } from '../../../src/word-index/gatherer.ts'
import { wholeSlice } from '../../../src/word-index/fingerprints.js'
import { purgeWords } from '../../../src/word-index/slices.ts'
import { databases } from '../../helpers/databases.ts'
import { startEmbedded } from '../../helpers/embedded.ts'
import { http } from '../../helpers/http.ts'
import { basic, createUser, log, send } from '../../helpers/service.ts'

for (const database of databases) {
  t.test(`the index of words on ${database.name}, where one user's logs can't be taken up`, async (t) => {
    const options = await database.createMigrated(t)
    const service = await startEmbedded(t, options, { askAfter: 0 })
    const { app, knex, port } = service
    const tokens = { al: await createUser(service, 'al'), mal: await createUser(service, 'mal'), zoe: await createUser(service, 'zoe') }
    const ids: Record<string, number> = Object.fromEntries((await knex('users').select('id', 'username')).map(({ id, username }) => [username, id]))
    const names = Object.keys(tokens) as Array<keyof typeof tokens>
    const write = async (word: string) => { for (const name of names) await send(service, name, tokens[name], [log({ msg: `${word} of ${name}` })]) }
    const find = async (word: string, name: string) => JSON.parse((await http(port, 'GET', `/api/logs?query=${word}`, basic(name))).body).logs.map(({ message }: { message: string }) => message)
    const history = () => knex('word_progress').where('user_id', '>', 0).pluck('user_id')
    const indexNow = () => app.wordIndex.runNow()
    const warned = t.capture(app.log, 'warn')
    const add = Gatherer.prototype.add
    let failing = true
    t.teardown(() => { Gatherer.prototype.add = add })
    Gatherer.prototype.add = async function (userId, times, messages) {
      if (failing && userId === ids.mal) throw Object.assign(new Error('the thread ended'), { code: 'ERR_WORKER_OUT_OF_MEMORY' })
      return add.call(this, userId, times, messages)
    }
    /** The database refuses rows of mal's; returns what lets them in again. */
    async function refuse (table: string): Promise<() => Promise<void>> {
      const [set, lift] = database.name === 'SQLite'
        ? [`CREATE TRIGGER refusal BEFORE INSERT ON ${table} WHEN NEW.user_id = ${ids.mal} BEGIN SELECT RAISE(ABORT, 'refused'); END`, 'DROP TRIGGER refusal']
        : [`ALTER TABLE ${table} ADD CONSTRAINT refusal CHECK (user_id <> ${ids.mal})`, `ALTER TABLE ${table} DROP CONSTRAINT refusal`]
      if (database.name !== 'SQLite') await knex(table).where('user_id', ids.mal!).delete()
      await knex.raw(set!)
      return async () => { await knex.raw(lift!) }
    }
    const findsAll = async (word: string) => { for (const name of names) t.strictSame(await find(word, name), [`${word} of ${name}`]) }

    await t.test('the history of others is in it, and that user is told of', async (t) => {
      await write('first')
      await indexNow()
      t.strictSame(await history(), [ids.mal])
      t.match(warned().map(({ args }) => args), [[{ userId: ids.mal, failure: { code: 'ERR_WORKER_OUT_OF_MEMORY' } }, /searched without the word index/]])
      t.strictSame(await knex('word_slices').distinct('user_id').orderBy('user_id').pluck('user_id'), [ids.al, ids.zoe])
      await findsAll('first')
    })

    await t.test('so is what others send, and everybody finds all', async (t) => {
      failing = false
      await indexNow()
      t.strictSame(await history(), [], 'it is tried again')
      failing = true
      const { reached_at: before } = await knex('word_progress').where('user_id', 0).first()
      await write('second')
      await send(service, 'mal', tokens.mal, [log({ msg: 'early', event_at: '2001-01-01T00:00:00Z' })])
      await indexNow()
      t.ok((await knex('word_progress').where('user_id', 0).first()).reached_at > before, 'the feed went on')
      t.match(await knex('word_progress').where('user_id', ids.mal!).first(), { reached_at: /^2001/ })
      await findsAll('second')
      t.strictSame(await find('early', 'mal'), ['early'])
    })

    await t.test('once they can be, they are in it', async (t) => {
      failing = false
      await indexNow()
      t.strictSame(await history(), [])
      t.equal(warned().length, 1)
      for (const word of ['first', 'second']) await findsAll(word)
      t.strictSame(await find('early', 'mal'), ['early'])
    })

    await t.test('what the database refuses of one user, it takes of others', async (t) => {
      const lift = await refuse('word_slices')
      await write('third')
      await indexNow()
      t.strictSame(await history(), [ids.mal])
      t.match(warned(), { length: 1 })
      await findsAll('third')
      await lift()
      await indexNow()
      t.strictSame(await history(), [])
      await findsAll('third')
    })

    await t.test('nor do counts by the hour stop at one user', async (t) => {
      const counted = () => knex('hour_counts').distinct('user_id').orderBy('user_id').pluck('user_id')
      const lift = await refuse('hour_counts')
      await app.hourCounts.runNow()
      t.strictSame(await counted(), [ids.al, ids.zoe])
      t.match(warned().map(({ args }) => args), [[{ userId: ids.mal }, /counted by the hour/]])
      await lift()
      await app.hourCounts.runNow()
      t.strictSame(await counted(), [ids.al, ids.mal, ids.zoe])
    })

    await t.test('blocks whose logs are gone go, however many', async (t) => {
      const rows = Array.from({ length: 2500 }, (_, n) => ({ user_id: ids.al, slice: n % 3 === 0 ? 0 : wholeSlice, block_id: 1000 + n, first_at: '1999-01-01 00:00:00.000000', last_at: '1999-01-01 00:00:00.000000', fingerprints: Buffer.alloc(3) }))
      for (let at = 0; at < rows.length; at += 100) await knex('word_slices').insert(rows.slice(at, at + 100))
      const kept = { ...rows[0], block_id: 999, last_at: '2999-01-01 00:00:00.000000' }
      await knex('word_slices').insert(kept)
      await purgeWords(knex, ids.al!)
      t.strictSame((await knex('word_slices').where('user_id', ids.al!).where('block_id', '<', 10_000).pluck('block_id')).map(Number), [999])
      await findsAll('second')
    })
  })
}
