import t from 'tap'
import { databases } from './helpers/databases.ts'
import { post } from './helpers/http.ts'
import { body, count, createUser, log, startService } from './helpers/service.ts'

for (const database of databases) {
  t.test(`Idempotency-Key on ${database.name}`, async (t) => {
    const one = await startService(t, database)
    const other = await startService(t, database, { database: one.options })
    const token = await createUser(one, 'alice')
    const bobs = await createUser(one, 'bob')
    const sendTo = ({ port }: { port: number }, key: string, msg: string, user = 'alice') =>
      post(port, '/send_logs', body(user, [log({ msg }), log({ msg })]), { 'x-user-token': user === 'alice' ? token : bobs, 'idempotency-key': key })
    t.beforeEach(async () => {
      await one.knex('user_logs').delete()
    })

    await t.test('the same key and body again stores nothing, says so, and is 200: on this instance and on another', async (t) => {
      const first = await sendTo(one, 'a', 'first')
      t.equal(first.status, 200)
      t.notOk(first.headers['idempotency-replayed'])
      for (const service of [one, other]) t.match(await sendTo(service, 'a', 'first'), { status: 200, body: first.body, headers: { 'idempotency-replayed': 'true' } })
      t.equal(await count(one.knex), 2)
    })

    await t.test('the same key with another body is stored, and so is another user\'s', async (t) => {
      await sendTo(one, 'b', 'first')
      t.notOk((await sendTo(one, 'b', 'second')).headers['idempotency-replayed'])
      t.notOk((await sendTo(one, 'b', 'first', 'bob')).headers['idempotency-replayed'])
      t.equal(await count(one.knex), 6)
    })

    await t.test('of many at once, on two instances, one is stored', async (t) => {
      const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => sendTo(index % 2 ? one : other, 'c', 'first')))
      t.strictSame(new Set(answers.map(({ status }) => status)), new Set([200]))
      t.equal(answers.filter(({ headers }) => headers['idempotency-replayed'] === undefined).length, 1)
      t.equal(await count(one.knex), 2)
    })

    await t.test('a key may be any 1 to 255 printable ASCII characters', async (t) => {
      for (const key of ['~', ' '.repeat(0) + 'x y', 'k'.repeat(255)]) t.equal((await sendTo(one, key, 'any')).status, 200, key)
      for (const key of ['', 'k'.repeat(256), 'é', 'a\tb']) {
        t.match(await sendTo(one, key, 'any'), { status: 400, headers: { 'x-error-detail': 'header Idempotency-Key must be 1 to 255 printable ASCII characters' } }, key)
      }
      t.equal(await count(one.knex), 6)
    })
  })
}
