import fc from 'fast-check'
import t from 'tap'
import { Expression } from '../../../../web/app/redact/expression.ts'
import { kinds } from '../../../../web/app/redact/kinds.ts'
import { mask } from '../../../../web/app/redact/mask.ts'
import { maskedFile, type Format } from '../../../../web/app/redact/masked-file.ts'
import { redact, redactPlain, redactValue, type Rules } from '../../../../web/app/redact/redact.ts'
import { compile, redactorOf } from '../../../../web/app/redact/redactor.ts'

/** What must never be seen, of each kind. */
const corpus = {
  email: ['anna.petrova@example.com', 'o\'neil+tag@mail.example.co.uk', 'root@localhost', 'почта@пример.рф'],
  address: ['10.1.2.3', '255.255.255.255', '2001:db8::8a2e:370:7334', '::1', 'fe80::1', '2001:0db8:85a3:0000:0000:8a2e:0370:7334', '::ffff:10.0.0.1'],
  secret: [
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.SflKxwRJSMeKKF2QT4', 'lb_Zm9vYmFyYmF6cXV4MTIzNDU2', 'sk_live_4eC39HqLyjWDarjtT1zdp7dc',
    'ghp_16C7e42F292c6912E7710c838347Ae178B4a', 'AKIAIOSFODNN7EXAMPLE', '5f4dcc3b5aa765d61d8327deb882cf99', 'xoxb-123456789012-abcdefGHIJKL'
  ],
  card: ['4111111111111111', '4111 1111 1111 1111', '5500-0000-0000-0004', '378282246310005'],
  phone: ['+7 916 123-45-67', '+1 (555) 123-4567', '8 916 123 45 67', '+441632960961', '555-123-4567']
}
const rules: Rules = { kinds, expressions: [] }
const secrets = Object.values(corpus).flat()

/** Texts around a secret: nothing that would make it part of another word. */
const around = fc.constantFrom('', ' ', 'a ', '("', '[', '\n', 'order A-1042 ', '<', '=', ', ', ' 12 ', ' é ', 'x: ', '{"to":"', '\u001b[31m')

t.test('nothing of the corpus is seen, whatever stands around it', async (t) => {
  for (const secret of secrets) t.equal(redact(secret, rules), mask, secret)
  fc.assert(fc.property(fc.array(fc.tuple(around, fc.constantFrom(...secrets), fc.constantFrom(' ', '\n', ', ', '"', ')', '. ', '; ')), { minLength: 1, maxLength: 4 }), (parts) => {
    const redacted = redactPlain(parts.flat().join(''), rules)
    for (const [, secret] of parts) if (redacted.includes(secret)) throw new Error(redacted)
  }), { numRuns: 2000 })
})

t.test('a secret that stands after its name, in words, headers, addresses and JSON', async (t) => {
  for (const text of [
    'password=hunter2', 'password: "hunter2 and more"', '{"password":"hunter2"}', '{\\"password\\":\\"hunter2\\"}', 'api_key = hunter2',
    'Authorization: Basic aHVudGVyMg', 'Cookie: a=1; session=hunter2', 'postgres://me:hunter2@db/x', 'pass\u001b[1mword=hun\u001b[0mter2'
  ]) t.notMatch(redactPlain(text, rules), /hunter2|ter2|aHVudGVyMg/, text)
  t.strictSame(redactValue({ user: { password: 'hunter2', name: 'Anna', pins: [{ token: [1234] }] }, to: 'a@b.example' }, rules), {
    user: { password: mask, name: 'Anna', pins: [{ token: [mask] }] }, to: mask
  })
  t.equal(redactorOf(['secret'], [])('hunter2', 'http.password'), mask)
})

t.test('what is no secret stays', async (t) => {
  for (const text of [
    '11:58:03.120', '2026-11-26T08:58:02.950114Z', 'std::vector', 'order A-1042 took 2310 ms', '1764234523123456', 'v1.2.3', '550e8400-e29b-41d4-a716-446655440000',
    'TypeError: cannot read \'id\' of undefined\n    at charge (/srv/api/pay.js:41:17)', 'retry 3 of 3', 'C:\\Temp\\new.txt', 'a @ b', '4111111111111112'
  ]) t.equal(redact(text, rules), text)
})

t.test('a redacted text stays as it is, by any rules', async () => {
  const expression = fc.constantFrom('a+', '[0-9]', 'x|yz', '^.', '.$', '\\bb', '(ab)*', 'a.c', '\\d{3}').map((source) => new Expression(source))
  const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.array(fc.constantFrom('1', '4111', ' ', '.', 'a', 'b', '@', ':', '█', '-', '+7', 'x'), { maxLength: 40 }).map((parts) => parts.join('')))
  fc.assert(fc.property(text, fc.subarray([...kinds]), fc.array(expression, { maxLength: 3 }), (text, kinds, expressions) => {
    const redacted = redact(text, { kinds, expressions })
    if (redact(redacted, { kinds, expressions }) !== redacted) throw new Error(redacted)
  }), { numRuns: 3000 })
})

t.test('an expression finds what the browser\'s own finds', async () => {
  const source = fc.stringMatching(/^(?:[abc.]|\[\^?ab\]|\\d|\(a\|bc?\)|\(?:ab\)|(?:a|b)[*+?]|(?:[abc]|\(ab\|c\))\{[01],[23]\}){1,6}$/)
  fc.assert(fc.property(source, fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A', '1', 'é'), maxLength: 12 }), (source, text) => {
    const expression = compile(source)
    if (!expression) return
    const spans = expression.spansIn(text)
    for (const { 0: found, index } of text.matchAll(new RegExp(source, 'giu'))) {
      if (found === '') continue
      if (!spans.some(({ start, end }) => start <= index && end >= index + found.length)) throw new Error(`${source} in ${text}: ${JSON.stringify(spans)}`)
    }
    if (!new RegExp(source, 'iu').test(text) && spans.length > 0) throw new Error(`${source} is not in ${text}`)
  }), { numRuns: 3000 })
})

t.test('expressions that look around, refer back or are too large are refused', async (t) => {
  for (const source of ['(?=a)', '(?<!a)b', '(a)\\1', '(a', 'a)', '*', 'a{1000}', '((a{50}){50}){50}', '((){400}){400}', '[b-a]', 'a**']) {
    t.equal(compile(source), undefined, source)
  }
  for (const source of ['', 'a{2,}', '[^"]+', '\\p{Lu}\\w*?', 'ord(?:er)?-\\d{4,8}$', '/path']) t.ok(compile(source), source)
})

t.test('the time grows with the text alone', async (t) => {
  // Browsers' own engines take years for this one.
  const expression = new Expression('(a+)+$|(a|a)*b')
  const steps = (length: number) => {
    let calls = 0
    const text = new Proxy(Object('a'.repeat(length)), { get: (target, name) => { calls++; const value = Reflect.get(target, name); return typeof value === 'function' ? value.bind(target) : value } })
    expression.spansIn(text)
    return calls
  }
  t.ok(steps(2000) < 3 * steps(1000))
  for (const piece of ['a', '1', '1 ', 'a.', '-', 'password', 'token=', '://', '@', ':', '+1', '-----BEGIN PRIVATE KEY', 'ab:', '"', '\\']) redact(piece.repeat(100_000), rules)
})

t.test('a file is masked as it comes, cut anywhere', async (t) => {
  const logs = [{ message: 'mail to anna@example.com\n"quoted", and more', password: 'x' }, { message: 'a,b' }]
  const csv = 'message,n\r\n"mail to anna@example.com\n""quoted"", and more",1\r\na@b.example,2\r\n'
  const files: Array<[Format, string, string]> = [
    ['ndjson', logs.map((log) => `${JSON.stringify(log)}\n`).join(''), `{"message":"mail to ${mask}\\n\\"quoted\\", and more","password":"${mask}"}\n{"message":"a,b"}\n`],
    ['csv', csv, `message,n\r\n"mail to ${mask}\n""quoted"", and more",1\r\n${mask},2\r\n`],
    ['text', 'x anna@example.com\ny\n', `x ${mask}\ny\n`]
  ]
  await fc.assert(fc.asyncProperty(fc.constantFrom(...files), fc.integer({ min: 1, max: 20 }), async ([format, file, expected], size) => {
    const bytes = new TextEncoder().encode(file)
    const body = new ReadableStream({
      start (controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size))
        controller.close()
      }
    })
    const masked = await (await maskedFile(new Response(body), format, rules)).text()
    if (masked !== expected) throw new Error(masked)
  }), { numRuns: 60 })
  t.pass()
})
