// One request has logs of now, and of a device with a clock that is years behind. A reader of the batch reads no log of
// the years between.
import t from 'tap'
import { findTouched } from '../../../src/hour-counts/batches.ts'
import { utcTime } from '../../../src/model/instant.ts'
import { rangesOfBatches } from '../../../src/store/batch-ranges.ts'
import { listBatchesUpTo, logsOfBatch } from '../../../src/store/batches.ts'
import { dialectOf } from '../../../src/store/dialects/index.ts'
import { databases } from '../../helpers/databases.ts'
import { startEmbedded } from '../../helpers/embedded.ts'
import { createUser, log, send } from '../../helpers/service.ts'

const always = { from: '1000-01-01 00:00:00.000000', to: '9999-12-31 00:00:00.000000' }
const { signal } = new AbortController()

for (const database of databases) {
  t.test(`a batch with times far apart on ${database.name}`, async (t) => {
    const service = await startEmbedded(t, await database.createMigrated(t))
    const { knex } = service
    const token = await createUser(service, 'ada')
    const events = ['2026-01-01T10:00:00Z', '2001-05-05T05:00:00Z', '2026-01-01T10:00:30Z', '2001-05-05T05:59:59Z', '2026-01-01T10:59:59Z']
    t.equal((await send(service, 'ada', token, events.map((event) => log({ event_at: event })))).status, 200)
    const { batches } = await listBatchesUpTo(knex, always, 1000)

    await t.test('is found where its logs are', async (t) => {
      const ranges = await rangesOfBatches({ knex, signal }, batches)
      t.strictSame(ranges.flatMap(({ times }) => times.map(({ firstAt, lastAt }) => [firstAt, lastAt].map((at) => at.slice(0, 19)))), [
        ['2001-05-05 05:00:00', '2001-05-05 05:00:00'], ['2001-05-05 05:59:59', '2001-05-05 05:59:59'],
        ['2026-01-01 10:00:00', '2026-01-01 10:00:30'], ['2026-01-01 10:59:59', '2026-01-01 10:59:59']
      ])
      t.equal(ranges.length, Math.ceil(4 / dialectOf(knex).maxTimes))
    })

    await t.test('is read in the order sent', async (t) => {
      const logs = await logsOfBatch(knex, batches[0]!, signal)
      t.strictSame(logs.map(({ eventAt }) => eventAt), events.map((event) => utcTime(Date.parse(event))))
    })

    await t.test('changes the hours of its logs, as one batch', async (t) => {
      const touched = await findTouched({ knex, signal }, always)
      t.strictSame(touched.map(({ from, to }) => `${from.slice(0, 13)} ${to.slice(0, 13)}`).sort(), ['2001-05-05 05 2001-05-05 06', '2026-01-01 10 2026-01-01 11'])
      t.equal(touched.reduce((sum, { batches }) => sum + batches, 0), 1)
    })
  })
}
