import type { Knex } from 'knex'
import t, { type Test } from 'tap'
import { LeasedWorker, type LeasedWork } from '../../../src/cluster/leased-worker.ts'
import { Lease, LeaseTaken } from '../../../src/cluster/leases.ts'
import { Overtaken } from '../../../src/cluster/progress.ts'
import { beginHours, forgetHours, hoursReached, storeHours } from '../../../src/hour-counts/table.ts'
import { AdaptiveStep } from '../../../src/model/adaptive-step.ts'
import { utcTime } from '../../../src/model/instant.ts'
import { beginIndex, feedId, feedReached, saveProgress } from '../../../src/word-index/progress.ts'
import { databases, openKnex } from '../../helpers/databases.ts'
import { until } from '../../helpers/until.ts'

function startWorker (t: Test, knex: Knex, run: LeasedWork['run'], more: Partial<LeasedWork> = {}): LeasedWorker {
  const instance = { control: knex, commits: 0 }
  const worker = new LeasedWorker(instance, { lease: 'work', pauseMs: 60_000, run, onFailure: () => {}, ...more })
  t.teardown(() => worker.close())
  return worker
}

for (const database of databases) {
  t.test(`leased work on ${database.name}`, async (t) => {
    const knex = openKnex(t, await database.createMigrated(t))

    await t.test('is done by one instance at a time, and by another one after it closed', async (t) => {
      const runs: string[] = []
      const resets: string[] = []
      const worker = (name: string) => startWorker(t, knex, async () => { runs.push(name) }, { reset: () => { resets.push(name) } })
      const [first, second] = [worker('first'), worker('second')]
      await first.runNow()
      await t.rejects(second.runNow(), new LeaseTaken())
      t.strictSame(runs, ['first'])
      t.strictSame(resets, ['second'], 'what the other one knew is dropped')
      await first.close()
      await second.runNow()
      t.strictSame(runs, ['first', 'second'])
      await second.close()
      t.notOk((await knex('leases').where('name', 'work').first()).expires_at > 0, 'the lease is given back')
    })

    await t.test('a failed run is reported once, and stopping is no failure', async (t) => {
      const failures: unknown[] = []
      const failed = new Error('the run failed')
      const onFailure = (error: unknown) => { failures.push(error) }
      const worker = startWorker(t, knex, async () => { throw failed }, { onFailure })
      await t.rejects(worker.runNow(), failed)
      t.strictSame(failures, [failed])
      worker.stop()
      await t.rejects(worker.runNow(), { message: 'the server closes' })
      t.equal(failures.length, 1)
    })

    await t.test('an outage is reported once, and its end once', async (t) => {
      const reports: string[] = []
      let failure: Error | undefined
      const worker = startWorker(t, knex, async () => { if (failure) throw failure }, {
        onFailure: (error) => { reports.push((error as { code: string }).code) },
        onRecovery: () => { reports.push('recovered') }
      })
      const runAll = async (codes: Array<string | undefined>) => {
        for (const code of codes) {
          failure = code === undefined ? undefined : Object.assign(new Error('failed'), { code })
          await worker.runNow().catch(() => {})
        }
      }
      await runAll([undefined, 'ONE', 'ONE', 'OTHER', 'ONE', undefined, undefined])
      t.strictSame(reports, ['ONE', 'OTHER', 'recovered'])
      await runAll(['ONE', 'ONE', undefined])
      t.strictSame(reports.slice(3), ['ONE', 'recovered'])
      await worker.close()
    })

    await t.test('is renewed while a unit of work takes longer than the lease', async (t) => {
      const expiry = async () => Number((await knex('leases').where('name', 'work').first()).expires_at)
      const other = startWorker(t, knex, async () => {}, { leaseSeconds: 1 })
      const worker = startWorker(t, knex, async () => {
        const first = await expiry()
        await until('the lease lasts longer than it was taken for', async () => await expiry() >= first + 1000)
        await t.rejects(other.runNow(), new LeaseTaken())
      }, { leaseSeconds: 1 })
      await worker.runNow()

      const last = await expiry()
      await until('another instance takes over', () => other.runNow().then(() => true, () => false))
      t.ok(await expiry() > last, 'after the lease, which nobody renewed')
    })

    await t.test('a holder that lost its lease writes no progress', async (t) => {
      const times = [10, 20, 30].map((seconds) => utcTime(Date.now() + seconds * 1000))
      const [start, later, latest] = times as [string, string, string]
      const lost = new Lease(knex, 'progress')
      t.ok(await lost.hold())
      await beginHours(knex, start)
      await beginIndex(knex, start)

      // Its process stood still; another instance took the lease, and made progress.
      await knex('leases').where('name', 'progress').update({ expires_at: 1 })
      const taken = new Lease(knex, 'progress')
      t.ok(await taken.hold())
      await forgetHours(knex, [], { from: start, to: later })
      await saveProgress(knex, { userId: feedId, from: start, to: later })

      const hour = { hour: '2026-01-01 00:00:00.000000', until: '2026-01-01 01:00:00.000000' }
      const counts = { debug: 1, info: 0, warning: 0, error: 0, critical: 0 }
      await t.rejects(storeHours(knex, 1, [{ ...hour, counts }], start), new Overtaken())
      await t.rejects(forgetHours(knex, [], { from: start, to: latest }), new Overtaken())
      await t.rejects(beginHours(knex, latest), new Overtaken(), 'nor starts the counts over')
      await t.rejects(saveProgress(knex, { userId: feedId, from: start, to: latest }), new Overtaken())
      t.equal(await hoursReached(knex), later)
      t.equal(await feedReached(knex), later)
      t.strictSame(await knex('hour_counts'), [])

      await lost.release()
      t.ok((await knex('leases').where('name', 'progress').first()).expires_at > 1, 'nor gives back the lease of another')
    })
  })
}

t.test('a step grows while it is quick, shrinks while it is slow, and keeps within its bounds', async (t) => {
  const step = new AdaptiveStep({ initial: 4, min: 2, max: 10, quickMs: 10, slowMs: 100 })
  const sizes = [5, 5, 50, 500, 500, 500].map((tookMs) => {
    step.record(tookMs)
    return step.size
  })
  t.strictSame(sizes, [8, 10, 10, 5, 2, 2])
  step.record(5, false)
  t.equal(step.size, 2, 'a step that ended early says nothing')
})
