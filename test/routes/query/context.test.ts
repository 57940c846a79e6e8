import t from 'tap'
import type { PresentedLog } from '../../../src/query/api-log.ts'
import { databases } from '../../helpers/databases.ts'
import { http } from '../../helpers/http.ts'
import { basic, createUser, log, send, startService } from '../../helpers/service.ts'

interface Context {
  logs: PresentedLog[]
  complete: boolean
  older?: string
  newer?: string
}

for (const database of databases) {
  t.test(`the context of a log on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const tokens = { alice: await createUser(service, 'alice'), bob: await createUser(service, 'bob') }
    // Two processes take turns; every third log has the number of one order, as text in every other log.
    for (const pid of [1, 2]) {
      const logs = Array.from({ length: 30 }, (_, index) => index).filter((index) => index % 2 === pid - 1)
      await send(service, 'alice', tokens.alice, logs.map((index) => log({
        msg: String(index),
        event_at: `2026-02-01T00:00:${String(index).padStart(2, '0')}Z`,
        ...index % 3 === 0 && { order: { id: index % 2 ? 7 : '7' } }
      })), { pid })
    }
    await send(service, 'bob', tokens.bob, [log({ msg: 'of bob', event_at: '2026-02-01T00:00:15Z', 'order.id': 7 })], { pid: 1 })
    const ask = (path: string, user = 'alice') => http(service.port, 'GET', `/api/logs${path}`, basic(user))
    const read = async (path: string): Promise<Context> => JSON.parse((await ask(path)).body)
    const { logs: [fifteen] } = await read('?query=15')
    const numbers = ({ logs }: Context) => logs.map(({ message }) => Number(message))
    const contextOf = (parameters: string) => read(`/${fifteen!.id}/context?${parameters}`)
    const every = (step: number, from: number) => Array.from({ length: 30 }, (_, index) => index).filter((index) => index % step === from)

    await t.test('is of the same process, the same user, or with the same attribute', async (t) => {
      t.strictSame(numbers(await contextOf('before=2&after=2')), [11, 13, 15, 17, 19])
      t.strictSame(numbers(await contextOf('same=user&before=2&after=2')), [13, 14, 15, 16, 17])
      t.strictSame(numbers(await contextOf('same=attribute:order.id&before=2&after=2')), [9, 12, 15, 18, 21])
    })

    for (const [same, all] of Object.entries({ process: every(2, 1), user: every(1, 0), 'attribute:order.id': every(3, 0) })) {
      await t.test(`goes on in both directions by cursors, by ${same}`, async (t) => {
        let context = await contextOf(`same=${same}&before=3&after=1`)
        const found = numbers(context)
        while (context.older !== undefined) {
          context = await contextOf(`same=${same}&before=2&older=${context.older}`)
          t.ok(context.logs.length <= 2)
          t.equal(context.newer, undefined, 'one side is read')
          found.unshift(...numbers(context))
        }
        for (let { newer } = await contextOf(`same=${same}&after=1`); newer !== undefined; { newer } = context) {
          context = await contextOf(`same=${same}&after=3&newer=${newer}`)
          found.push(...numbers(context))
        }
        t.strictSame(found, all)
        t.equal(context.complete, true)
      })
    }

    await t.test('of no logs has both cursors', async (t) => {
      const none = await contextOf('before=0&after=0')
      t.strictSame(numbers(none), [15])
      t.strictSame(numbers(await contextOf(`before=1&after=1&older=${none.older}&newer=${none.newer}`)), [13, 17])
    })

    await t.test('is cut where it is asked for', async (t) => {
      await send(service, 'alice', tokens.alice, ['long', 'longer', 'longest'].map((msg, index) => log({ msg, event_at: `2026-03-01T00:00:0${index}Z` })), { pid: 9 })
      const { logs: [longer] } = await read('?query=longer')
      const { logs } = await read(`/${longer!.id}/context?cut=5`)
      t.match(logs, [{ message: 'long' }, { message: 'longe', cut: { message: 6 } }, { message: 'longe', cut: { message: 7 } }])
      t.notOk('cut' in logs[0]!)
    })

    await t.test('refuses what the log lacks, and cursors and values that are none', async (t) => {
      const fault = async (parameters: string) => JSON.parse((await ask(`/${fifteen!.id}/context?${parameters}`)).body).error
      t.strictSame(await fault('same=attribute:missing'), { rule: 'same.missing', field: 'same' })
      t.strictSame(await fault('same=attribute:order'), { rule: 'same.missing', field: 'same' })
      t.strictSame(await fault('same=level'), { rule: 'parameter.pattern', field: 'same' })
      t.strictSame(await fault('older=x'), { rule: 'cursor.invalid', field: 'older' })
      for (const same of ['process', 'user', 'attribute:order.id']) {
        t.equal((await ask(`/${fifteen!.id}/context?same=${same}`, 'bob')).status, 404, 'another user finds nothing')
      }
    })
  })
}
