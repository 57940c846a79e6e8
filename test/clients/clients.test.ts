import t from 'tap'
import { withUsers } from '../helpers/client.ts'
import { databases } from '../helpers/databases.ts'
import { startService } from '../helpers/service.ts'
import elasticsearch from './elasticsearch.ts'
import journal, { cutJournal } from './journal.ts'
import json from './json.ts'
import loki from './loki.ts'
import otlp from './otlp.ts'
import python from './python.ts'
import vendors from './vendors.ts'

for (const database of databases) {
  t.test(`Third-party clients, on ${database.name}`, { jobs: 4 }, async (t) => {
    const test = withUsers(t, await startService(t, database))
    for (const defineTests of [elasticsearch, journal, json, loki, otlp, python, vendors]) defineTests(test)
  })
}

t.test('the journal is cut the same however it is chunked, and nothing breaks the decoder', async (t) => cutJournal(t))
