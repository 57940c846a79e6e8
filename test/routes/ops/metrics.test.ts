import t from 'tap'
import { databases } from '../../helpers/databases.ts'
import { http } from '../../helpers/http.ts'
import { createUser, log, send, startService } from '../../helpers/service.ts'

for (const database of databases) {
  t.test(`GET /metrics on ${database.name}`, async (t) => {
    const service = await startService(t, database)
    const token = await createUser(service, 'alice')
    for (const logs of [[log(), log(), log()], [log()]]) await send(service, 'alice', token, logs)
    await send(service, 'alice', token, 'none')
    await send(service, 'alice', 'x'.repeat(32), [log()])
    const { status, headers, body } = await http(service.port, 'GET', '/metrics')
    const value = (name: string) => Number(new RegExp(`^loggerbot_${name.replaceAll(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(body)?.[1])

    await t.test('is Prometheus text', async (t) => {
      t.equal(status, 200)
      t.match(headers, { 'content-type': /^text\/plain; version=0\.0\.4/, 'cache-control': /no-store/ })
      for (const line of body.split('\n').filter((line) => line !== '')) t.match(line, /^(# (HELP|TYPE) loggerbot_\w+ .+|loggerbot_\w+(\{[^}]*\})? [\d.e+-]+)$/)
      t.notMatch(body, 'alice', 'no user is named')
    })

    for (const [name, expected] of Object.entries({
      stored_logs_total: 4,
      stored_batches_total: 2,
      commit_seconds_count: 2,
      group_logs_sum: 4,
      'rejects_total{reason="invalid"}': 1,
      'rejects_total{reason="forbidden"}': 1,
      queue_logs: 0,
      queue_bytes: 0,
      spool_bytes: 0,
      dead_letters_total: 0,
      trimmed_dead_letters_total: 0,
      database_up: 1,
      durability_risks: 0
    })) await t.test(`${name} is ${expected}`, async (t) => t.equal(value(name), expected))

    await t.test('measures the process', async (t) => {
      t.ok(value('stored_bytes_total') > 400)
      t.ok(value('resident_memory_bytes') > 10_000_000)
      t.ok(value('cpu_seconds_total') > 0)
      t.match(body, `loggerbot_build_info{version="0.1.0",node="${process.versions.node}"} 1`)
      t.match(body, /loggerbot_event_loop_delay_seconds\{quantile="0.99"\} \d/)
    })
  })
}
