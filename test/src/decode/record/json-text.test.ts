import t from 'tap'
import { withJson, withJsonOfMessage, type Surroundings } from '../../../../src/decode/record/json-text.ts'
import type { Parts } from '../../../../src/decode/record/index.ts'

const arrival = '2026-11-26 12:00:00.000000'
const time = '2026-11-26 11:00:00.000000'
const json = { msg: 'failed', level: 'error', time: '2026-11-26T10:00:00Z', logger: 'shop.cart', name: 'api', pid: 9, order: 7 }
const around: Parts = {
  eventAt: time, severity: 'info', message: JSON.stringify(json), pid: 1, processName: 'docker', description: 'web1', attributes: { order: 'x' }
}

await t.test('withJson', async (t) => {
  const own = { message: 'failed', severity: 'error' as const }
  const kept = { order: 'x', order_: 7, time: json.time, logger: 'shop.cart' }
  const rules: Record<string, [Parts, Surroundings['outer'], Parts]> = {
    'leaves time, logger, process and pid to the fields around it': [around, 'fields',
      { ...around, ...own, attributes: { ...kept, name: 'api', pid: 9 } }],
    'replaces process and pid of a header, and keeps them': [around, 'header',
      { ...around, ...own, processName: 'api', pid: 9, attributes: { ...kept, app_name: 'docker', procid: '1' } }],
    'tells all that is not known': [{ attributes: null }, 'fields',
      { ...own, eventAt: '2026-11-26 10:00:00.000000', pid: 9, processName: 'api', description: 'shop.cart', attributes: { order: 7 } }]
  }
  for (const [promise, [parts, outer, expected]] of Object.entries(rules)) {
    t.strictSame(withJson(parts, json, { source: 'test', outer }, arrival), expected, promise)
  }
  t.match(withJson({ description: 'web1', attributes: null }, { msg: 'x', logger: 'shop.cart' }, { source: 'test', outer: 'header' }, arrival),
    { processName: 'shop.cart', description: 'web1' }, 'takes the logger for the process where a header has a host alone')
})

await t.test('withJsonOfMessage changes nothing but a message that is one JSON object with a field', async (t) => {
  for (const message of ['text', '{}', '[{"msg":"x"}]', '{"msg":"x"} and more', `{"msg":"${'x'.repeat(65_536)}"}`]) {
    const parts = { ...around, message }
    t.equal(withJsonOfMessage(parts, 'test', arrival), parts, message.slice(0, 30))
  }
  t.match(withJsonOfMessage(around, 'test', arrival), { message: 'failed', severity: 'error', processName: 'docker' })
})
