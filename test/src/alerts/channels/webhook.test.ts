import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createNetServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import t, { type Test } from 'tap'
import type { AlertMessage, SendOutcome } from '../../../../src/alerts/channels/channel.ts'
import { newSecret } from '../../../../src/alerts/channels/webhook/sign.ts'
import { TargetGuard } from '../../../../src/alerts/channels/webhook/target.ts'
import { templateNames, type TemplateName } from '../../../../src/alerts/channels/webhook/templates.ts'
import { checkTarget, webhookChannel, type WebhookTarget } from '../../../../src/alerts/channels/webhook/webhook.ts'
import { temporaryFolder } from '../../../helpers/databases.ts'

const local = new TargetGuard(['127.0.0.1'])
const message: AlertMessage = {
  id: '01JDR', thread: 'r7:5f', number: '#1F3', mayRepeat: false, kind: 'new', title: 'order <*> failed', note: null, user: 'alice', rule: 'New errors', process: 'api', level: 'error', logs: 3, first: '2026-11-27T07:00:00.000000Z', last: '2026-11-27T07:01:00.000000Z', state: 'new', lines: ['order 17 failed', 'order 18 failed'], alerts: [], heldBack: 0, url: 'https://logs.example/errors?id=1&user=me', logsUrl: null, hasActions: false
}

interface Received {
  path: string
  headers: IncomingHttpHeaders
  body: string
}

/** Opens a server on a free port of a loopback address. */
async function listen (t: Test, server: Server, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  server.listen(0, host)
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** A receiver that keeps what it gets. */
async function receiver (t: Test, { host, answer = (_request, response) => response.end('ok') }: { host?: string, answer?: RequestListener } = {}) {
  const received: Received[] = []
  const port = await listen(t, createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part) => parts.push(part)).on('end', () => {
      received.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(parts).toString() })
      answer(request, response)
    })
  }), host)
  return { received, url: `http://127.0.0.1:${port}/hook`, port }
}

interface SendWish {
  target?: Partial<WebhookTarget>
  guard?: TargetGuard
  message?: Partial<AlertMessage>
  connectMs?: number
  totalMs?: number
  signal?: AbortSignal
}

async function send (url: string, { target = {}, guard = local, message: changes = {}, signal = new AbortController().signal, ...times }: SendWish = {}): Promise<SendOutcome> {
  const channel = webhookChannel({ url, template: 'json', secrets: [], ...target }, { guard, ...times })
  return await channel.send({ ...message, ...changes }, signal)
}

t.test('a message is signed by Standard Webhooks', async (t) => {
  const { received, url } = await receiver(t)
  const [newest, older] = [newSecret(), newSecret()]
  t.match(await send(url, { target: { secrets: [newest, older] }, message: { lines: ['наш “log” \u{1f600}'] } }), { kind: 'delivered' })
  const [{ headers, body } = t.fail('nothing came') as never] = received
  t.match(headers, { 'webhook-id': '01JDR', 'content-type': 'application/json; charset=utf-8', 'user-agent': /^LoggerBot-Server\// })
  for (const secret of [newest, older]) {
    t.match(new Webhook(secret).verify(body, headers as Record<string, string>), { type: 'alert.new', data: { thread: 'r7:5f', lines: ['наш “log” \u{1f600}'] } })
  }
  t.throws(() => new Webhook(newSecret()).verify(body, headers as Record<string, string>), 'another secret')
  t.throws(() => new Webhook(newest).verify(`${body} `, headers as Record<string, string>), 'another body')
})

t.test('a message that is sent again has the same id and body, and a header that says so', async (t) => {
  const { received, url } = await receiver(t)
  const target = { secrets: [newSecret()] }
  await send(url, { target })
  await send(url, { target, message: { mayRepeat: true } })
  const [first, again] = received
  t.equal(again?.body, first?.body)
  t.equal(again?.headers['webhook-id'], first?.headers['webhook-id'])
  t.strictSame([first?.headers['loggerbot-may-repeat'], again?.headers['loggerbot-may-repeat']], [undefined, 'true'])
})

t.test('the status of the answer says what became of a message', async (t) => {
  const date = new Date(2e12).toUTCString()
  const later = new Date(2e12 + 90_000).toUTCString()
  const answers: Array<[status: number, headers: Record<string, string>, outcome: object]> = [
    [200, {}, { kind: 'delivered', messageId: null }],
    [204, {}, { kind: 'delivered' }],
    [302, { location: 'http://169.254.169.254/' }, { kind: 'notDelivered', then: 'broken', reason: 'answered 302: redirects are not followed' }],
    [400, {}, { kind: 'notDelivered', then: 'giveUp', reason: 'answered 400' }],
    [403, {}, { kind: 'notDelivered', then: 'pause' }],
    [404, {}, { kind: 'notDelivered', then: 'pause' }],
    [410, {}, { kind: 'notDelivered', then: 'broken' }],
    [429, { 'retry-after': '7' }, { kind: 'notDelivered', then: 'wait', retryAfterMs: 7000 }],
    [429, { 'retry-after': '0.25' }, { kind: 'notDelivered', then: 'wait', retryAfterMs: 250 }],
    [429, { 'retry-after': later, date }, { kind: 'notDelivered', then: 'wait', retryAfterMs: 90_000 }],
    [429, { 'retry-after': '99999999999999' }, { kind: 'notDelivered', then: 'wait', retryAfterMs: 24 * 3_600_000 }],
    [429, { 'retry-after': 'soon' }, { kind: 'notDelivered', then: 'wait', retryAfterMs: undefined }],
    [500, {}, { kind: 'unknown', reason: 'answered 500' }],
    [503, {}, { kind: 'unknown' }],
    [503, { 'retry-after': '30' }, { kind: 'notDelivered', then: 'wait', retryAfterMs: 30_000 }]
  ]
  const { received, url } = await receiver(t, {
    answer: (_request, response) => {
      const [status, headers] = answers[received.length - 1] ?? [500, {}]
      response.writeHead(status, headers).end('the answer')
    }
  })
  for (const [status, headers, outcome] of answers) t.match(await send(url), outcome, `${status} ${JSON.stringify(headers)}`)
  t.equal(received.length, answers.length, 'no redirect is followed, and nothing is sent twice')
})

t.test('a fault before the request was written: not delivered', async (t) => {
  const closed = createNetServer()
  const port = await listen(t, closed)
  closed.close()
  await once(closed, 'close')
  t.match(await send(`http://127.0.0.1:${port}/`), { kind: 'notDelivered', then: 'wait', reason: 'no connection (ECONNREFUSED)' })

  const noName = new TargetGuard([], async () => { throw Object.assign(new Error('secret'), { code: 'ENOTFOUND' }) })
  t.match(await send('http://no.example/', { guard: noName }), { kind: 'notDelivered', then: 'wait', reason: 'the host cannot be resolved (ENOTFOUND)' })
  const slowName = new TargetGuard([], async () => await new Promise(() => {}))
  t.match(await send('http://slow.example/', { guard: slowName, connectMs: 30 }), { kind: 'notDelivered', then: 'wait', reason: 'the host cannot be resolved (ETIMEDOUT)' })

  const silent = await listen(t, createNetServer())
  t.match(await send(`https://127.0.0.1:${silent}/`, { connectMs: 30 }), { kind: 'notDelivered', then: 'wait', reason: 'no connection (ETIMEDOUT)' }, 'TLS that never begins')
  const resets = await listen(t, createNetServer((socket) => socket.resetAndDestroy()))
  t.match(await send(`https://127.0.0.1:${resets}/`), { kind: 'notDelivered', then: 'wait', reason: /^no connection/ }, 'a reset within TLS')
})

const faults: Record<string, (socket: Socket) => void> = {
  'a reset before the answer': (socket) => socket.resetAndDestroy(),
  'an end before the answer': (socket) => socket.destroy(),
  'half a header': (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-le'),
  'no HTTP': (socket) => socket.end('220 mail.example ESMTP\r\n'),
  'another protocol': (socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
  'a header that never ends': (socket) => socket.end(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(20_000)}`),
  'answers before the answer, that never end': (socket) => {
    const more = () => { if (socket.writable) socket.write('HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n'.repeat(100), more) }
    more()
  }
}
t.test('a fault after the request was written: unknown', async (t) => {
  for (const [fault, answer] of Object.entries(faults)) {
    const port = await listen(t, createNetServer((socket) => socket.once('data', () => answer(socket))))
    t.match(await send(`http://127.0.0.1:${port}/`), { kind: 'unknown', reason: /^no valid answer/ }, fault)
  }
  const silent = await listen(t, createNetServer((socket) => socket.resume()))
  t.match(await send(`http://127.0.0.1:${silent}/`, { totalMs: 50 }), { kind: 'unknown', reason: 'no valid answer (ETIMEDOUT)' }, 'no answer in time')
  const stopped = new AbortController()
  const asked = await listen(t, createNetServer((socket) => socket.once('data', () => stopped.abort())))
  t.match(await send(`http://127.0.0.1:${asked}/`, { signal: stopped.signal }), { kind: 'unknown' }, 'the server stops')
})

t.test('a message whose status came is delivered, whatever the rest of the answer is', async (t) => {
  const header = 'HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n'
  const half = await listen(t, createNetServer((socket) => socket.once('data', () => socket.end(`${header}half`))))
  t.match(await send(`http://127.0.0.1:${half}/`), { kind: 'delivered' })
  const slow = await listen(t, createNetServer((socket) => socket.once('data', () => socket.write(header))))
  t.match(await send(`http://127.0.0.1:${slow}/`, { totalMs: 50 }), { kind: 'delivered' })

  let written = 0
  const endless = await listen(t, createNetServer((socket) => socket.once('data', () => {
    const chunk = Buffer.alloc(65_536)
    const more = () => { if (socket.writable && written < 1e10) { written += chunk.length; socket.write(chunk, more) } }
    socket.write(header, more)
  })))
  t.match(await send(`http://127.0.0.1:${endless}/`), { kind: 'delivered' })
  t.ok(written < 20_000_000, `of 10 GB, ${written} bytes were written, most of them to the buffers of the system`)
})

t.test('a message over TLS: the name is that of the host, and the certificate is verified', async (t) => {
  const folder = temporaryFolder(t)
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=chat.example', '-keyout', 'key', '-out', 'cert'], { cwd: folder, stdio: 'ignore' })
  const [key, cert] = ['key', 'cert'].map((file) => readFileSync(join(folder, file)))
  const names: string[] = []
  const port = await listen(t, createTlsServer({ key, cert, SNICallback: (name, done) => { names.push(name); done(null) } }, () => t.fail('it was sent')))
  const guard = new TargetGuard(['127.0.0.1'], async () => ['127.0.0.1'])
  t.match(await send(`https://chat.example:${port}/`, { guard }), { kind: 'notDelivered', then: 'wait', reason: 'no connection (DEPTH_ZERO_SELF_SIGNED_CERT)' })
  t.strictSame(names, ['chat.example'])
})

t.test('a name that resolves to another address afterwards is not followed', async (t) => {
  const checked = await receiver(t, { host: '127.0.0.2' })
  const answers = [['127.0.0.2'], ['127.0.0.1']]
  const guard = new TargetGuard(['127.0.0.2'], async () => answers.shift() ?? [])
  t.match(await send(`http://rebind.example:${checked.port}/x?y=1`, { guard }), { kind: 'delivered' })
  t.match(checked.received, [{ path: '/x?y=1', headers: { host: `rebind.example:${checked.port}` } }])
  t.match(await send(`http://rebind.example:${checked.port}/`, { guard }), { kind: 'notDelivered', then: 'pause' })
})

t.test('addresses that are not public are refused, in whatever form', async (t) => {
  const { received, port } = await receiver(t)
  const open = new TargetGuard([])
  for (const host of [
    '127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '017700000001', '0.0.0.0', '0', '127.255.255.254', '１２７.0.0.1', '127.0.0.1.',
    '[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[64:ff9b::7f00:1]', '[64:ff9b:1::7f00:1]', '[2002:7f00:1::]', '[2001:0:7f00:1::]', '[fe80::1]', '[fc00::1]', '[fd12::1]', '[ff02::1]', '[fec0::1]', '[4000::1]',
    '169.254.169.254', '[::ffff:169.254.169.254]', '[fd00:ec2::254]', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '100.127.255.255', '192.0.0.1', '198.18.0.1', '224.0.0.1', '239.1.1.1', '240.0.0.1', '255.255.255.255'
  ]) {
    t.match(await send(`http://${host}:${port}/`, { guard: open }), { kind: 'notDelivered', then: 'broken', reason: 'the server may not send to this address' }, host)
  }
  for (const addresses of [['127.0.0.1'], ['192.0.2.1'], ['8.8.8.8', '10.0.0.1'], ['::ffff:127.0.0.1'], ['fe80::1%lo'], ['junk']]) {
    const guard = new TargetGuard([], async () => addresses)
    t.match(await send(`http://name.example:${port}/`, { guard }), { kind: 'notDelivered', then: 'pause', reason: 'the server may not send to an address of this host' }, addresses.join())
  }
  t.match(await send(`http://localhost:${port}/`, { guard: open }), { kind: 'notDelivered', then: 'pause' }, 'by the resolver of the system')
  t.equal(received.length, 0)
  for (const host of ['8.8.8.8', '172.32.0.1', '[2606:4700::1111]', '[64:ff9b::808:808]', '[2002:808:808::]']) {
    t.strictSame((await open.addressesOf(new URL(`http://${host}/`))).length, 1, host)
  }
})

t.test('what the owner of the server lists is reached', async (t) => {
  const guard = new TargetGuard(['10.0.0.0/8', '::1', 'fd00::/8', 'Chat.example'], async () => ['192.168.1.1'])
  for (const host of ['10.1.2.3', '[::ffff:10.1.2.3]', '[::1]', '[fd12::1]', 'chat.example', 'CHAT.example.']) {
    t.equal((await guard.addressesOf(new URL(`http://${host}/`))).length, 1, host)
  }
  for (const host of ['127.0.0.1', '192.168.0.1', 'other.example', 'x.chat.example', '[fe80::1]']) {
    await t.rejects(guard.addressesOf(new URL(`http://${host}/`)), { name: 'Error' }, host)
  }
  t.equal((await new TargetGuard(['0.0.0.0/0']).addressesOf(new URL('http://169.254.169.254/'))).length, 1)
  for (const entry of ['', '10.0.0.0/33', '10.0.0/8', '10.0.0.0/8/8', '::1/129', 'http://chat.example', 'a b', 'a..b', '10.0.0.0/', '*']) {
    t.throws(() => new TargetGuard([entry]), RangeError, `"${entry}" is no entry of the list`)
  }
})

t.test('targets are checked when they are made', async (t) => {
  const wrong: Array<[TemplateName, string, string | undefined, field: string]> = [
    ['json', 'ftp://chat.example/', undefined, 'url'],
    ['json', 'file:///etc/passwd', undefined, 'url'],
    ['json', 'chat.example', undefined, 'url'],
    ['json', 'http://user:password@chat.example/', undefined, 'url'],
    ['json', 'http://user@chat.example/', undefined, 'url'],
    ['json', `http://chat.example/${'x'.repeat(2000)}`, undefined, 'url'],
    ['json', 'http://chat.example/', 'token', 'token'],
    ['ntfy', 'https://ntfy.example/', undefined, 'url'],
    ['ntfy', 'https://ntfy.example/topic', 'a\r\nb: c', 'token'],
    ['gotify', 'https://gotify.example/', 'token', 'url'],
    ['gotify', 'https://gotify.example/message', undefined, 'token'],
    ['pagerduty', 'https://events.pagerduty.com/v2/enqueue', undefined, 'token']
  ]
  for (const [template, url, token, field] of wrong) {
    t.match(faultOf(() => checkTarget({ template, url, token })), { statusCode: 400, fault: { field } }, `${template} ${url.slice(0, 50)}`)
    t.match(await send(url, { target: { template, token } }), { kind: 'notDelivered', then: 'broken' })
  }
  t.ok(checkTarget({ template: 'ntfy', url: 'https://ntfy.example/base/topic' }))
})

const targets: Record<TemplateName, { path: string, token?: string }> = {
  json: { path: 'hook' }, slack: { path: 'services/x' }, discord: { path: 'api/webhooks/1/x' }, mattermost: { path: 'hooks/x' }, ntfy: { path: 'base/alerts', token: 'tk_1' }, gotify: { path: 'message', token: 'A1' }, pagerduty: { path: 'v2/enqueue', token: 'R1' }
}
const { received: inbox, url: inboxUrl } = await receiver(t)
async function deliver (template: TemplateName, changes: Partial<AlertMessage> = {}) {
  const { path, token } = targets[template]
  const outcome = await send(new URL(`/${path}`, inboxUrl).href, { target: { template, ...token !== undefined && { token } }, message: changes })
  if (outcome.kind !== 'delivered') throw new Error(JSON.stringify(outcome))
  const last = inbox.pop()
  if (!last) throw new Error('nothing came')
  return { ...last, json: JSON.parse(last.body) }
}

t.test('each service gets a message in its shape', async (t) => {
  const text = 'order <*> failed\napi, error, 3 logs, 2026-11-27T07:00:00.000000Z to 2026-11-27T07:01:00.000000Z, new, rule New errors, user alice\n\norder 17 failed\norder 18 failed'
  const { mayRepeat, hasActions, kind, ...data } = message
  t.strictSame((await deliver('json')).json, { type: 'alert.new', data })
  t.strictSame((await deliver('slack')).json, {
    text: 'New error #1F3: order &lt;*&gt; failed',
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: '*New error #1F3*\n<https://logs.example/errors?id=1&amp;user=me>' } },
      { type: 'section', text: { type: 'mrkdwn', text: `\`\`\`\n${text.replace('<*>', '&lt;*&gt;')}\n\`\`\`` } }
    ],
    unfurl_links: false,
    unfurl_media: false
  })
  const chat = `**New error #1F3**\n\`\`\`text\n${text}\n\`\`\`\n<https://logs.example/errors?id=1&user=me>`
  t.strictSame((await deliver('discord')).json, { content: chat, allowed_mentions: { parse: [] }, flags: 4 })
  t.strictSame((await deliver('mattermost')).json, { text: chat })
  t.match(await deliver('ntfy', { level: 'critical' }), {
    path: '/base/', headers: { authorization: 'Bearer tk_1' }, json: { topic: 'alerts', title: 'New error #1F3', message: text.replace('error,', 'critical,'), priority: 5, tags: ['rotating_light'], click: message.url }
  })
  t.match(await deliver('gotify'), {
    path: '/message', headers: { 'x-gotify-key': 'A1' }, json: { title: 'New error #1F3', message: text, priority: 8, extras: { 'client::notification': { click: { url: message.url } } } }
  })
  const event = { routing_key: 'R1', dedup_key: 'r7:5f', payload: { summary: 'New error #1F3: order <*> failed', source: 'api', severity: 'error', custom_details: { text } }, client_url: message.url }
  t.match((await deliver('pagerduty')).json, { event_action: 'trigger', ...event })
  t.match((await deliver('pagerduty', { kind: 'back' })).json, { event_action: 'resolve', dedup_key: 'r7:5f' }, 'the same incident ends')
})

t.test('a digest lists its alerts, and how many were held back', async (t) => {
  const digest = { kind: 'digest' as const, title: '12 alerts', process: null, level: null, first: null, last: null, state: null, lines: [], alerts: [{ number: '#1F4', title: 'no disk', logs: 7, alerts: 1 }, { number: '#1F5', title: 'no … net', logs: 9, alerts: 6 }], heldBack: 10, url: null, mayRepeat: true }
  t.match((await deliver('mattermost', digest)).json.text, '**Several alerts #1F3 (may be a repeat)**\n```text\n12 alerts\n3 logs, rule New errors, user alice\n\n#1F4 no disk (7)\n#1F5 no … net, 6 different (9)\n\nand 10 more\n```')
})

t.test('any text fits the limits of each service, and means nothing there', async () => {
  const part = fc.oneof(fc.constantFrom('<!channel>', '@everyone', '```', '``', '`', '\u0000', '\u202e', '\ud800', '&', '<', '\u{1f600}'.repeat(700), 'x'.repeat(1999), 'я'.repeat(2000), '&'.repeat(600), '\n', '[a](http://b)'), fc.string({ unit: 'binary' }))
  const words = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''))
  await fc.assert(fc.asyncProperty(words, fc.array(words, { maxLength: 3 }), async (title, lines) => {
    const changes = { title, lines, process: title, note: title, rule: title, user: title }
    for (const template of templateNames) {
      const { json, body } = await deliver(template, changes)
      if (!body.isWellFormed()) throw new Error('lone surrogate')
      if (body.length > 200_000) throw new Error('too long')
      const fits: Partial<Record<TemplateName, () => boolean>> = {
        slack: () => json.blocks.every(({ text }: { text: { text: string } }) => text.text.length <= 3000) && fences(json.blocks[1].text.text) === 2 && !/<|&(?!amp;|lt;|gt;)/.test(json.blocks[1].text.text) && !json.text.includes('<'),
        discord: () => json.content.length <= 2000 && fences(json.content) === 2,
        mattermost: () => json.text.length <= 4000 && fences(json.text) === 2,
        ntfy: () => Buffer.byteLength(json.message) <= 4096,
        pagerduty: () => json.payload.summary.length <= 1024
      }
      if (fits[template]?.() === false) throw new Error(`${template}: ${body}`)
      const shown = [json.content, json.text, json.message, json.blocks?.[1].text.text].filter((text) => typeof text === 'string').join('')
      // eslint-disable-next-line no-control-regex
      if (template !== 'json' && /[\u0000-\u0008\u202e\ud800-\udbff](?![\udc00-\udfff])/.test(shown)) throw new Error(`${template} has control characters`)
    }
  }), { numRuns: 40 })
})

function faultOf (work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}

function fences (text: string): number {
  return text.split('```').length - 1
}
