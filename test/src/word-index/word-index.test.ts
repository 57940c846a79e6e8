import t, { type Test } from 'tap'
import { Blocks } from '../../../src/word-index/blocks.js'
import { wordsTest } from '../../../src/text/patterns.js'
import { wholeWordsOf, wordRules, wordsOf } from '../../../src/text/words.js'
import { addFingerprints, fingerprintOf } from '../../../src/word-index/fingerprints.js'
import { LeaseTaken } from '../../../src/cluster/leases.ts'
import { purgeWords } from '../../../src/word-index/slices.ts'
import { databases } from '../../helpers/databases.ts'
import { startEmbedded } from '../../helpers/embedded.ts'
import { http } from '../../helpers/http.ts'
import { pick, seeded, whole } from '../../helpers/random.ts'
import { apiKey, basic, createUser, log, send } from '../../helpers/service.ts'

async function ask (port: number, path: string, method = 'GET', headers: Record<string, string> = { 'x-api-key': apiKey }): Promise<any> {
  const { status, body } = await http(port, method, path, headers)
  if (status !== 200) throw new Error(`${path} answered ${status}: ${body}`)
  return body.startsWith('{"logs"') || !path.includes('export') ? JSON.parse(body) : body
}

/** All pages of a search, of 30 logs unless it says otherwise. */
async function pages (port: number, parameters: Record<string, string>): Promise<string[]> {
  const found: string[] = []
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = await ask(port, `/api/logs?${new URLSearchParams({ limit: '30', ...parameters, ...cursor && { cursor } })}`)
    found.push(...page.logs.map(({ id, message }: { id: string, message: string }) => `${id} ${message}`))
    cursor = page.cursor
  }
  return found
}

const vocabulary = ['数据库', 'データ7', 'ข้าว', 'e\u0301te', '\u001b[31mred\u001b[0m', 'alpha', 'Beta', 'gamma', 'ДЕЛЬТА', 'epsilon_1', 'zeta', 'eta', 'theta', 'straße', '😀', 'iota', '12345']
/** Another seed gives other logs: LOGGER_TEST_SEED. */
const seed = Number(process.env.LOGGER_TEST_SEED ?? 7)
const random = seeded(seed)

const variants: Array<Record<string, string>> = [{}, { order: 'oldest', user: 'alice', from: '2026-01-05', to: '2026-01-15' }]
const queries = ['据库', 'ータ', '7 ข้าว', 'éte', 'red', '库', 'дельта', 'RARE17', 'rare3 alpha', 'rare1 OR rare2', '"gamma zeta"', 'epsilon_1 level:error', 'rare1* eta', '*are9', 'rare8 -alpha', 'nothing_at_all', 'message:*rare4*', '(rare6 OR gamma) beta', 'rare10 user:alice']

for (const database of databases) {
  t.test(`the index of words on ${database.name}, seed ${seed}`, async (t) => {
    const options = await database.createMigrated(t)
    /** Its searches ask the index at once. */
    const start = () => startEmbedded(t, options, { askAfter: 0 })
    let indexed = await start()
    const { knex } = indexed
    const tokens = { alice: await createUser(indexed, 'alice'), bob: await createUser(indexed, 'bob'), carol: await createUser(indexed, 'carol') }
    const names = Object.keys(tokens) as Array<keyof typeof tokens>
    // On SQLite two servers never share a file: what does not ask the index only reads here.
    const plain = await startEmbedded(t, options, { wordIndex: false })

    let said = 0
    async function say (port: number, batches: number): Promise<void> {
      for (let n = 0; n < batches; n++) {
        const name = pick(random, names)
        const day = 1 + whole(random, 20)
        const { status } = await send({ port }, name, tokens[name], Array.from({ length: 1 + whole(random, 30) }, () => log({
          msg: Array.from({ length: whole(random, 4) }, () => pick(random, vocabulary)).concat(whole(random, 10) === 0 ? `rare${whole(random, 20)}` : []).concat(`n${said++}`).join(pick(random, [' ', '-', ' "'])),
          level: pick(random, ['info', 'error']),
          // Many share an instant, some come late, a few are of another age.
          event_at: whole(random, 200) === 0 ? pick(random, ['1000-01-01T00:00:00Z', '9999-12-31T23:59:59Z']) : `2026-01-${String(whole(random, 5) === 0 ? 1 + whole(random, 20) : day).padStart(2, '0')}T0${whole(random, 10)}:00:0${whole(random, 3)}Z`
        })))
        if (status !== 200) throw new Error(`send answered ${status}`)
      }
    }

    let turn = 0
    /** The same with the index and without, for six queries, the next six each time. */
    async function compare (t: Test, what: string): Promise<void> {
      for (let n = 0; n < 6; n++) {
        const query = queries[turn++ % queries.length]!
        for (const parameters of variants) {
          const asked = { query, ...parameters }
          const expected = await pages(plain.port, { ...asked, limit: '1000' })
          t.strictSame(await pages(indexed.port, asked), expected, `${what}: ${JSON.stringify(asked)} finds ${expected.length}`)
        }
        const counted = `?${new URLSearchParams({ query, interval: '1d', from: '2026-01-01', to: '2026-01-21', by: 'level' })}`
        const { buckets, complete } = await ask(plain.port, `/api/logs/histogram${counted}`)
        t.match(await ask(indexed.port, `/api/logs/histogram${counted}`), { buckets, complete }, `${what}: ${query} counts the same`)
        if (query.length > 10) continue
        const exported = `/api/logs/export?${new URLSearchParams({ query })}`
        t.equal(await ask(indexed.port, exported), await ask(plain.port, exported), `${what}: ${query} exports the same`)
      }
    }

    /** How far the index comes: users whose history is not in it, and its blocks. */
    async function stateOfIndex (): Promise<{ history: number, slices: number }> {
      const [progress] = await knex('word_progress').where('user_id', '>', 0).count({ count: '*' })
      const [slices] = await knex('word_slices').count({ count: '*' })
      return { history: Number(progress!.count), slices: Number(slices!.count) }
    }

    const indexNow = () => indexed.app.wordIndex.runNow()

    await t.test('before it exists, and with history from before it, nothing is missed', async (t) => {
      await say(plain.port, 40)
      await compare(t, 'no index')
      await indexNow()
      t.match(await stateOfIndex(), { history: 0 })
      t.ok((await stateOfIndex()).slices > 0)
      await compare(t, 'history in it')
    })

    await t.test('what comes since is found before and after it is in the index', async (t) => {
      await say(indexed.port, 30)
      await compare(t, 'a tail')
      await indexNow()
      const before = await stateOfIndex()
      await compare(t, 'all in it')
      await say(indexed.port, 10)
      await indexNow()
      t.ok((await stateOfIndex()).slices >= before.slices)
      await compare(t, 'blocks that grew')
    })

    await t.test('it only looks where the word is', async (t) => {
      await indexNow()
      const reached = (await knex('word_progress').where('user_id', 0).first()).reached_at
      t.ok(Date.now() - Date.parse(`${reached.replace(' ', 'T')}Z`) < 60_000)
      // An index that knows nothing of a word hides it: so it was asked.
      await knex('word_slices').delete()
      t.strictSame(await pages(indexed.port, { query: 'rare1' }), [])
      t.not((await pages(plain.port, { query: 'rare1' })).length, 0)
      await knex('word_progress').delete()
      await indexNow()
      await compare(t, 'made anew')
    })

    await t.test('with half of a history in it nothing is missed, and it goes on there', async (t) => {
      const half = '2026-01-10 00:00:00.000000'
      await knex('word_slices').where('user_id', 1).where('first_at', '>=', half).delete()
      await knex('word_progress').insert({ user_id: 1, reached_at: half })
      await compare(t, 'half of it')
      await indexNow()
      t.match(await stateOfIndex(), { history: 0 })
      await compare(t, 'the other half')
    })

    await t.test('it goes on after a restart, where it had not written what it gathered', async (t) => {
      await say(indexed.port, 10)
      await indexed.app.close()
      indexed = await start()
      await say(indexed.port, 5)
      await compare(t, 'restarted')
      await indexNow()
      await compare(t, 'caught up')
    })

    await t.test('one that is too far behind is not asked, and begins anew', async (t) => {
      await knex('word_progress').where('user_id', 0).update({ reached_at: '2026-01-01 00:00:00.000000' })
      await compare(t, 'too old')
      await indexNow()
      await compare(t, 'anew')
    })

    await t.test('one of other rules is not asked, and begins anew', async (t) => {
      await knex('word_progress').update({ rules: 1 })
      await knex('word_slices').delete()
      t.not((await pages(indexed.port, { query: 'rare1' })).length, 0)
      await compare(t, 'of other rules')
      await indexNow()
      t.match(await knex('word_progress').where('user_id', 0).first(), { rules: wordRules })
      t.ok((await stateOfIndex()).slices > 0)
      await compare(t, 'of the rules')
    })

    await t.test('a deletion deletes the same, and blocks without logs go', async (t) => {
      const path = '/api/logs?query=rare3'
      const expected = await pages(plain.port, { query: 'rare3', user: 'alice' })
      const { confirm, logs } = await ask(indexed.port, path, 'DELETE', basic('alice'))
      t.equal(logs, expected.length)
      const { deleted } = await ask(indexed.port, `${path}&confirm=${confirm}`, 'DELETE', basic('alice'))
      t.equal(deleted, expected.length)
      t.strictSame(await pages(plain.port, { query: 'rare3', user: 'alice' }), [])
      await compare(t, 'after a deletion')

      await knex('user_logs').where('user_id', 1).where('log_event_at', '<', '2026-01-10 00:00:00.000000').delete()
      const before = await stateOfIndex()
      await purgeWords(knex, 1)
      t.strictSame(await stateOfIndex(), before, 'blocks that may still grow stay')
      await knex('word_slices').update({ block_id: knex.raw('block_id - 1000000000000') })
      await purgeWords(knex, 1)
      t.ok((await stateOfIndex()).slices < before.slices)
      const { at } = (await knex('user_logs').where('user_id', 1).min({ at: 'log_event_at' }).first())!
      t.equal((await knex('word_slices').where('user_id', 1).where('last_at', '<', at)).length, 0)
      await compare(t, 'after old blocks went')
    })

    if (database.name === 'SQLite') return
    await t.test('two instances keep it together', async (t) => {
      const other = await start()
      await Promise.all([say(indexed.port, 20), say(other.port, 20)])
      await compare(t, 'two write')
      await Promise.all([indexNow(), t.rejects(other.app.wordIndex.runNow(), new LeaseTaken())])
      await compare(t, 'one indexed')
      await indexed.app.close()
      await say(other.port, 5)
      indexed = other
      await indexNow()
      await compare(t, 'the other took over')
    })
  })
}

t.test('the quick way to fingerprints finds those of all words', async (t) => {
  for (const text of ['', 'a', 'Hello, World_1! x', 'ДЕЛЬТА and İstanbul ΑΣ', 'a\u0301b 12', 'tail', '😀x😀', '漢字 𞤀foo', 'foo𞤀bar', '\u001b[1mbold\u001b[0m x']) {
    const set = new Set<number>()
    addFingerprints(set, text)
    for (const word of wordsOf(text)) t.ok(set.has(fingerprintOf(word)), `${text}: ${word}`)
  }
})

t.test('the words that a match must hold are whole in it', async (t) => {
  t.strictSame(wholeWordsOf(['one two']), ['one', 'two'])
  t.strictSame(wholeWordsOf(['one two', '']), ['one'])
  t.strictSame(wholeWordsOf(['', 'one two three', 'four', 'x five']), ['two', 'five'])
  t.strictSame(wholeWordsOf(['', 'one', '']), [])
  t.strictSame(wholeWordsOf(['-one-', '']), ['one'])
  t.strictSame(wholeWordsOf(['', '数据库12x']), ['数据', '据库', '12x'])
  t.strictSame(wholeWordsOf(['x错y', '']), ['x'])
  for (const pattern of [['a b'], ['a b', 'c'], ['', 'b c'], ['a-', ''], ['库a'], ['据库']]) {
    for (const text of ['a b', 'xa b c', 'a bc', 'a b xc', 'aa b c d', 'a-b', 'a--c', '数据库a', '数据库ab', 'a据库b']) {
      if (wordsTest(pattern)(text)) t.ok(wholeWordsOf(pattern).every((word) => wordsOf(text).includes(word)), `${pattern}: ${text}`)
    }
  }
})

t.test('a block is closed when it is full, and a small one stays in one piece', async (t) => {
  const blocks = new Blocks()
  const add = (count: number, at: string) => blocks.add(1, Array.from({ length: count }, () => at), Array.from({ length: count }, (_, index) => `word${index} same`))
  add(10, '2026-01-01 00:00:00.000000')
  const [small] = blocks.take()
  t.equal(small!.slices.length, 1)
  t.equal(blocks.take().length, 0, 'nothing is new')
  add(2000, '2026-01-01 10:00:00.000000')
  add(5, '2026-01-02 10:00:00.000000')
  const [grown, other] = blocks.take()
  t.match(grown, { id: small!.id, outgrew: true, firstAt: '2026-01-01 00:00:00.000000', lastAt: '2026-01-01 10:00:00.000000' })
  t.equal(grown!.slices.length, 64)
  t.equal(other!.slices.length, 1)
  add(10_000, '2026-01-01 11:00:00.000000')
  const full = blocks.take()
  t.strictSame(full.map(({ firstAt }) => firstAt), ['2026-01-01 00:00:00.000000', '2026-01-01 11:00:00.000000'])
  t.not(full[1]!.id, grown!.id)
})

t.test('a day for each log fills no memory, and takes no blocks from others', async (t) => {
  const blocks = new Blocks()
  const dayOf = (n: number) => new Date(Date.UTC(1000, 0, 1) + n * 86_400_000).toISOString().replace('T', ' ').slice(0, 23)
  blocks.add(2, [dayOf(0)], ['of another'])
  blocks.take()
  let taken = 0
  let heavy = 0
  let most = 0
  for (let n = 0; n < 20_000; n += 1000) {
    blocks.add(1, Array.from({ length: 1000 }, (_, index) => dayOf(n + index)), Array.from({ length: 1000 }, () => ''))
    if (!blocks.isHeavy) continue
    heavy++
    const some = blocks.take()
    most = Math.max(most, some.length)
    taken += some.length
    t.notOk(blocks.isHeavy)
  }
  t.ok(heavy > 2 && most < 7000, `${heavy} times, ${most} blocks at most`)
  t.equal(taken + blocks.take().length, 20_000)
  blocks.add(2, [dayOf(0)], ['of another'])
  t.match(blocks.take(), [{ userId: 2, outgrew: false, firstAt: dayOf(0) }], 'it was still open')
})

t.test('many words in few logs are told to be taken', async (t) => {
  const blocks = new Blocks()
  const words = (from: number) => Array.from({ length: 300_000 }, (_, index) => (from + index).toString(36)).join(' ')
  let logs = 0
  for (; !blocks.isHeavy; logs++) blocks.add(1, ['2026-01-01 00:00:00.000000'], [words(logs * 300_000)])
  t.ok(logs < 20, `after ${logs}`)
  const taken = blocks.take()
  t.equal(taken.length, logs)
  t.ok(taken.every(({ slices }) => slices.length === 64))
})
