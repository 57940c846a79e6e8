import t from 'tap'
import { matcherOf } from '../../../src/query/matcher.js'
import { parseFilter } from '../../../src/query/parse.ts'
import type { LogRecord } from '../../../src/model/record.ts'

const record: LogRecord = {
  eventAt: '2026-01-01 00:00:00.000000',
  postTime: '2026-01-01 00:00:01.000000',
  severity: 'error',
  message: 'Payment FAILED: «Заказ» user-42 timed_out 100%',
  pid: 7,
  processName: 'Shop',
  description: 'billing worker',
  attributes: { http: { status: 503, path: '/pay' }, 'a.b': true, empty: null }
}

const finds = [
  '', 'payment', 'FAILED', '"payment failed"', 'заказ', 'user-42', 'time*', '*out', '*imed*', 'pay*failed', '"100%"',
  'level:error', 'level:>=warning', 'level:(info OR error)', 'pid:7', 'pid:>6', 'pid:[1 TO 7]', 'process:shop', 'process:s*p', 'description:"billing worker"',
  'http.status:503', 'http.status:>=500', 'http.path:\\/pay', 'a.b:true', 'http.status:*', 'message:failed',
  'payment AND failed', 'nothing OR failed', 'NOT nothing', '-nothing', 'payment (nothing OR failed)', 'payment -level:info',
  '/pay.*failed/', '/user-\\d+/', 'http.path:/^\\/p/', '/etc/hosts OR payment', 'user:alice', 'user:a*', 'level:>=warn'
]
const misses = [
  'pay', 'ayment', '"failed payment"', 'заказы', 'user-4', 'time', 'level:info', 'level:<error', 'pid:8', 'pid:[8 TO 9]', 'process:sho', 'process:hop',
  'http.status:>503', 'empty:*', 'missing:*', 'http:x', 'payment AND nothing', 'NOT payment', 'payment -failed', '/^failed/', '/(?-i)payment/', 'user:bob', '/etc/hosts'
]

t.test('a query holds for the records that it describes', async (t) => {
  for (const query of finds) t.ok(matcherOf(parseFilter(query))(record, 'Alice'), query)
  for (const query of misses) t.notOk(matcherOf(parseFilter(query))(record, 'Alice'), query)
})

const refused: Record<string, string> = {
  '(a': 'query: at 3: expected a closing bracket',
  'a )': 'query: at 3: expected the end of the query',
  '"a': 'query: at 3: expected a closing quote',
  'level:': 'query: at 7: expected a value after "level:"',
  'level:loud': 'query: at 7: level must be one of debug, info, warning, error, critical',
  'pid:x': 'query: at 5: "pid" must be compared with a number',
  'process:>a': 'query: at 10: "process" is text, and has no order',
  'pid:[1 2]': 'query: at 8: expected TO',
  'a OR': 'query: at 5: expected a word, a "phrase", field:value or an opening bracket',
  '/(a/': 'query: at 1: the regular expression is not valid: error parsing regexp: missing closing ): `(?i)(a`',
  '/(?=a)/': 'query: at 1: the regular expression is not valid: error parsing regexp: invalid or unsupported Perl syntax: `(?=`',
  'a\\': 'query: at 4: expected a character after "\\"'
}

t.test('what is no query is refused, with what was expected and where', async (t) => {
  for (const [query, message] of Object.entries(refused)) t.throws(() => parseFilter(query), { statusCode: 400, message }, query)
  t.throws(() => parseFilter('('.repeat(65)), { message: /brackets may stand 64 deep at most/ })
  t.throws(() => parseFilter('x'.repeat(4097)), { message: 'query must have 4096 characters at most' })
})
