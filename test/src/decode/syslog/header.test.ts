import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { decodeSyslog } from '../../../../src/decode/syslog/index.ts'
import { growsLinearly } from '../../../helpers/growth.ts'

const arrivedAt = Date.UTC(2026, 10, 26, 12)
const arrival = '2026-11-26 12:00:00.000000'
const address = '10.0.0.99'
const decode = (message: string) => decodeSyslog({ bytes: Buffer.from(message), arrivedAt, address }).record
/** What most lines below tell, in this process's local time. */
const local = `${new Date(2026, 10, 26, 0, 20, 10).toISOString().slice(0, 19).replace('T', ' ')}.000000`
const utc = '2026-11-26 00:20:10.000000'

type Row = [line: string, time: string, host: string, process: string, pid: number, message: string, attributes?: object]

const rows: Record<string, Row[]> = {
  'Cisco IOS': [
    ['82: 00:20:10: %SYS-5-CONFIG_I: x', arrival, address, '%SYS-5-CONFIG_I', 0, 'x', { sequence: '82', timestamp: '00:20:10' }],
    ['12: 1w2d: %SYS-5-CONFIG_I: x', arrival, address, '%SYS-5-CONFIG_I', 0, 'x', { timestamp: '1w2d' }],
    ['83: *Nov 26 00:20:10.663: %SYS-5-CONFIG_I: x', local.replace('.000', '.663'), address, '%SYS-5-CONFIG_I', 0, 'x', { sequence: '83' }],
    ['92: *Nov 26 00:20:10 UTC: %SYS-5-CONFIG_I: x', utc, address, '%SYS-5-CONFIG_I', 0, 'x'],
    ['123: host1: *Nov 26 00:20:10 UTC: %SYS-5-CONFIG_I: x', utc, 'host1', '%SYS-5-CONFIG_I', 0, 'x'],
    ['123: 10.0.0.1: 000120: *Nov 26 00:20:10 UTC: %SYS-5-CONFIG_I: x', utc, '10.0.0.1', '%SYS-5-CONFIG_I', 0, 'x', { sequence: '123 000120' }],
    ['123: fe80::1: *Nov 26 2026 00:20:10 UTC: %SYS-5-CONFIG_I: x', utc, 'fe80::1', '%SYS-5-CONFIG_I', 0, 'x'],
    ['782431: machine1: .Nov 18 21:03:22.631 GMT: %CDP-4-NATIVE: x', '2026-11-18 21:03:22.631000', 'machine1', '%CDP-4-NATIVE', 0, 'x'],
    ['Nov 26 00:20:10 UTC: %SYS-5-CONFIG_I: x', utc, address, '%SYS-5-CONFIG_I', 0, 'x'],
    ['123: host1: %SYS-5-CONFIG_I: x', arrival, 'host1', '%SYS-5-CONFIG_I', 0, 'x'],
    ['119: RP/0/RSP0/CPU0:Nov 26 00:20:10 UTC: config[65740]: %MGBL-SYS-5-CONFIG_I : x', utc, 'RP/0/RSP0/CPU0', 'config', 65740, '%MGBL-SYS-5-CONFIG_I : x']
  ],
  'Cisco ASA': [
    ['Nov 26 2026 00:20:10: %ASA-6-302013: x', local, address, '%ASA-6-302013', 0, 'x'],
    ['Nov 26 2026 00:20:10 fw1 : %ASA-6-302013: x', local, 'fw1', '%ASA-6-302013', 0, 'x'],
    ['Nov 26 00:20:10 10.0.0.1 : %ASA-6-302013: x', local, '10.0.0.1', '%ASA-6-302013', 0, 'x'],
    ['Nov 26 00:20:10 FW1: %ASA-6-302013: x', local, 'FW1', '%ASA-6-302013', 0, 'x']
  ],
  'NX-OS': [
    [': 2026 Nov 26 00:20:10 UTC: %ETHPORT-5-IF_UP: x', utc, address, '%ETHPORT-5-IF_UP', 0, 'x'],
    ['2026 Nov 26 00:20:10 switch7 %ETHPORT-5-IF_UP: x', local, 'switch7', '%ETHPORT-5-IF_UP', 0, 'x'],
    ['2026 Nov 26 00:20:10 switch7 %$ VDC-1 %$ %ETHPORT-5-IF_UP: x', local, 'switch7', '-', 0, '%$ VDC-1 %$ %ETHPORT-5-IF_UP: x']
  ],
  'Juniper, Huawei, Palo Alto, CEF': [
    ['Nov 26 00:20:10  mx1 mgd[8812]: UI_COMMIT: User', local, 'mx1', 'mgd', 8812, 'UI_COMMIT: User'],
    ['Nov 26 00:20:10.000 2026 mx1 /kernel: x', local, 'mx1', '/kernel', 0, 'x'],
    ['Nov 26 2026 00:20:10 router9 %%01SHELL/5/CMD(l)[12]: x', local, 'router9', '%%01SHELL/5/CMD(l)', 12, 'x'],
    ['Nov 26 00:20:10 PA-220 1,2026/11/26 00:20:10,0131,TRAFFIC', local, 'PA-220', '-', 0, '1,2026/11/26 00:20:10,0131,TRAFFIC'],
    ['Nov 26 00:20:10 Firewall 1,2026/11/26 00:20:10,0131,TRAFFIC', local, 'Firewall', '-', 0, '1,2026/11/26 00:20:10,0131,TRAFFIC'],
    ['Nov 26 00:20:10 1,2026/11/26 00:20:10,0131,TRAFFIC', local, address, '-', 0, '1,2026/11/26 00:20:10,0131,TRAFFIC'],
    ['Nov 26 00:20:10 web1 CEF:0|Vendor|x', local, 'web1', '-', 0, 'CEF:0|Vendor|x']
  ],
  'Fortinet and Sophos': [
    ['date=2026-11-26 time=00:20:10 devname="fw1" logid="13"', utc, 'fw1', '-', 0, 'date=2026-11-26 time=00:20:10 devname="fw1" logid="13"'],
    ['date=2026-11-26 time=01:20:10 tz="+0100" devname=fw1', utc, 'fw1', '-', 0, 'date=2026-11-26 time=01:20:10 tz="+0100" devname=fw1'],
    ['device="SFW" date=2026-11-26 time=00:20:10 device_name="XG"', utc, 'XG', '-', 0, 'device="SFW" date=2026-11-26 time=00:20:10 device_name="XG"']
  ],
  'other times': [
    ['2026-11-26 00:20:10 web1 app[5]: x', utc, 'web1', 'app', 5, 'x'],
    ['Thu Nov 26 00:20:10 2026 web1 app[5]: x', local, 'web1', 'app', 5, 'x'],
    ['Nov 26 00:20:10 CEST host8 app[1]: x', '2026-11-25 22:20:10.000000', 'host8', 'app', 1, 'x']
  ],
  'loghub\'s Linux, OpenSSH and Mac': [
    ['Jun 14 15:16:01 combo sshd(pam_unix)[19939]: check pass', '', 'combo', 'sshd(pam_unix)', 19939, 'check pass'],
    ['Jul  3 04:08:03 combo syslogd 1.4.1: restart.', '', 'combo', 'syslogd 1.4.1', 0, 'restart.'],
    ['Jul  7 08:06:15 combo  -- root[2421]: ROOT LOGIN', '', 'combo', '-- root', 2421, 'ROOT LOGIN'],
    ['Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user', '', 'LabSZ', 'sshd', 24200, 'Invalid user'],
    ['Jul  1 09:00:55 mac-10 kernel[0]: IOThunderbolt<0>(0x0)::listener', '', 'mac-10', 'kernel', 0, 'IOThunderbolt<0>(0x0)::listener'],
    ['Jul  1 09:00:55 mac-10 Google Chrome Helper[123]: x', '', 'mac-10', 'Google Chrome Helper', 123, 'x'],
    ['Jul  1 09:00:55 mac-10 BezelServices 255.10[94]: x', '', 'mac-10', 'BezelServices 255.10', 94, 'x'],
    ['Jul  1 09:00:55 mac-10 sandboxd[129] ([31211]): x', '', 'mac-10', 'sandboxd', 129, 'x', { context: '[31211]' }],
    ['Jul  1 09:00:55 mac-10 com.apple.xpc.launchd[1] (com.x.37963): Path', '', 'mac-10', 'com.apple.xpc.launchd', 1, 'Path', { context: 'com.x.37963' }],
    ['Jul  1 09:00:55 mac-10 --- last message repeated 1 time ---', '', 'mac-10', '-', 0, '--- last message repeated 1 time ---'],
    ['Nov 26 00:20:10 win7 Microsoft Windows Security Auditing[624]: x', local, 'win7', 'Microsoft Windows Security Auditing', 624, 'x']
  ],
  tags: [
    ['Nov 26 00:20:10 web1 postfix/smtpd.x[9]: a: b', local, 'web1', 'postfix/smtpd.x', 9, 'a: b'],
    ['Nov 26 00:20:10 web1 Foo::Bar: x', local, 'web1', 'Foo::Bar', 0, 'x'],
    ['Nov 26 00:20:10 web1 (systemd)[12]: x', local, 'web1', '(systemd)', 12, 'x'],
    ['Nov 26 00:20:10 web1 getty@tty1[12]: x', local, 'web1', 'getty@tty1', 12, 'x'],
    ['Nov 26 00:20:10  nginx: x', local, address, 'nginx', 0, 'x'],
    ['Nov 26 00:20:10 haproxy[14]: 10.0.1.2:33317 [26/Nov/2026:00:20:10.655] fe', local, address, 'haproxy', 14, '10.0.1.2:33317 [26/Nov/2026:00:20:10.655] fe'],
    ['Nov 26 00:20:10 web1 sshd[12] Failed password', local, 'web1', 'sshd', 12, 'Failed password'],
    ['Nov 26 00:20:10 ("U7PG2,788a20,v4.3.28") hostapd: x', local, '("U7PG2,788a20,v4.3.28")', 'hostapd', 0, 'x'],
    ['Nov 26 00:20:10 12:30:00 app: x', local, address, '-', 0, '12:30:00 app: x'],
    ['Nov 26 00:20:10 {"a": b: x', local, address, '-', 0, '{"a": b: x'],
    ['Nov 26 00:20:10 http://example.com/: x', local, address, '-', 0, 'http://example.com/: x'],
    ['Nov 26 00:20:10 12:30:00: x', local, address, '-', 0, '12:30:00: x'],
    ['Nov 26 00:20:10 web1 12:30:00: x', local, 'web1', '-', 0, '12:30:00: x'],
    ['Nov 26 00:20:10 web1 https://example.com: x', local, 'web1', '-', 0, 'https://example.com: x'],
    ['Nov 26 00:20:10 web1 {"a": "b"', local, 'web1', '-', 0, '{"a": "b"'],
    ['Nov 26 00:20:10 {"a": "b"', local, address, '-', 0, '{"a": "b"']
  ],
  'hosts without a tag': [
    ['Nov 26 00:20:10 my.host.com example message', local, 'my.host.com', '-', 0, 'example message'],
    ['Nov 26 00:20:10 host1  example message', local, 'host1', '-', 0, 'example message'],
    ['Nov 26 00:20:10 2001:db8::1:2 example message', local, '2001:db8::1:2', '-', 0, 'example message'],
    ['Nov 26 00:20:10 fe80::1 app: x', local, 'fe80::1', 'app', 0, 'x'],
    ['Nov 26 00:20:10 10.0.0.99 Use the BFG!', local, '10.0.0.99', '-', 0, 'Use the BFG!']
  ],
  'no host at all': [
    ['Nov 26 00:20:10 Use the BFG!', local, address, '-', 0, 'Use the BFG!'],
    ['Nov 26 00:20:10 ERROR starting up', local, address, '-', 0, 'ERROR starting up'],
    ['Nov 26 00:20:10 last message repeated 3 times', local, address, '-', 0, 'last message repeated 3 times'],
    ['Nov 26 00:20:10 word', local, address, '-', 0, 'word'],
    ['error: foo: x', arrival, address, '-', 0, 'error: foo: x'],
    ['date=2026-11-26', arrival, address, '-', 0, 'date=2026-11-26']
  ],
  'RFC 5424 of syslog-pro': [
    ['1 2026-11-26T00:20:10Z web1  1234 - - BOMhello', utc, 'web1', '-', 1234, 'hello'],
    ['1 2026-11-26T00:20:10Z web1 app 1234 - - BOM\'su root\'', utc, 'web1', 'app', 1234, '\'su root\''],
    ['1 2026-11-26T00:20:10Z web1 app 1234 - - BOMBASTIC words', utc, 'web1', 'app', 1234, 'BOMBASTIC words']
  ]
}

await t.test('Headers of syslog', async (t) => {
  for (const [what, lines] of Object.entries(rows)) {
    await t.test(`of ${what} give time, host, process, pid and text`, async (t) => {
      for (const [line, time, host, process, pid, message, attributes] of lines) {
        const record = decode(`<189>${line}`)
        t.strictSame([record.description, record.processName, record.pid, record.message], [host, process, pid, message], line)
        if (time === '') t.ok(record.eventAt > '2025-11-27' && record.eventAt < '2026-11-28', `${line}: ${record.eventAt}`)
        else t.equal(record.eventAt, time, line)
        t.equal(record.attributes!.host, host === address && !line.includes(address) ? undefined : host, line)
        if (attributes) t.match(record.attributes, attributes, line)
      }
    })
  }

  await t.test('never cost a word of the text', async () => {
    const part = fc.constantFrom('Nov 26 00:20:10 ', 'UTC: ', '12: ', 'host ', 'host: ', ': ', '%A-5-B: ', 'tag[1]: ', 'Two Words[2]: ', 'x ', '(y): ', '{', '::1 ', '[', ']', '  ')
    fc.assert(fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const { message } = decode(`<13>${parts.join('')}"last words"`)
      assert.ok(message.endsWith('"last words"'), message)
    }), { numRuns: 2000 })
  })

  for (const [what, text] of Object.entries({ words: 'a ', colons: 'a: ', 'colons in a row': 'a:', brackets: 'a[1', 'spaced tags': 'a b[', addresses: '::', percents: '%A-5-' })) {
    await t.test(`of megabytes of ${what} are read in linear time`, async (t) => {
      for (const header of ['', 'Nov 26 00:20:10 ', '12: ']) {
        growsLinearly(t, `${what} behind ${header}`, { small: 200_000, input: (bytes) => `<13>${header}${text.repeat(bytes / text.length)}`, work: decode })
      }
    })
  }
})

await t.test('JSON in the text of a message', async (t) => {
  const examples: Record<string, [line: string, record: object]> = {
    'of winston-syslog is a log\'s fields': ['<131>1 2026-11-26T00:20:10Z web1 shop 22881 - - {"level":"error","message":"failed","user":7}', { eventAt: utc, severity: 'error', message: 'failed', pid: 22881, processName: 'shop', description: 'web1', attributes: { host: 'web1', user: 7 } }],
    'of pino gives process and pid': ['<13>1 - - - - - - {"level":40,"time":1795652410000,"pid":7,"hostname":"box","name":"api","msg":"slow","ms":912}', { eventAt: '2026-11-26 00:20:10.000000', severity: 'warning', message: 'slow', pid: 7, processName: 'api', description: address, attributes: { hostname: 'box', ms: 912 } }],
    'gives its time where the header has none, and else keeps it': ['<13>Nov 26 00:20:10 web1 app: {"time":"2020-01-01T00:00:00Z","msg":"x"}', { eventAt: local, message: 'x', attributes: { time: '2020-01-01T00:00:00Z' } }],
    'goes before the process and the pid of the header, which are kept': ['<13>Nov 26 00:20:10 web1 docker[1]: {"name":"api","pid":9,"msg":"x"}', { processName: 'api', pid: 9, attributes: { app_name: 'docker', procid: '1' } }],
    'leaves the header\'s process where it names a logger alone': ['<13>Nov 26 00:20:10 web1 app[1]: {"logger":"orders","msg":"x"}', { processName: 'app', pid: 1, description: 'web1', attributes: { logger: 'orders' } }],
    'is the message where it has none': ['<13>Nov 26 00:20:10 web1 nginx: {"status":200,"uri":"/a"}', { message: '{"status":200,"uri":"/a"}', processName: 'nginx', attributes: { status: 200, uri: '/a' } }],
    'may stand behind the cookie of CEE': ['<13>Nov 26 00:20:10 web1 app[3]: @cee: {"a":1,"msg":"cee"}', { message: 'cee', processName: 'app', pid: 3, attributes: { a: 1 } }],
    'may stand behind a host alone': ['<13>Nov 26 00:20:10 my.host.com {"level": "error", "msg": "boom"}', { severity: 'error', message: 'boom', processName: '-', description: 'my.host.com' }],
    'may stand close to its tag': ['<13>Nov 26 00:20:10 web1 app:{"msg":"x"}', { message: 'x', processName: 'app' }],
    'does not replace the header\'s host': ['<13>Nov 26 00:20:10 web1 app: {"host":"other","facility":"f","msg":"x"}', { description: 'web1', attributes: { host: 'web1', host_: 'other', facility: 'user', facility_: 'f' } }],
    'keeps a level that is not understood': ['<11>Nov 26 00:20:10 web1 app: {"level":"GOLD","msg":"x"}', { severity: 'error', attributes: { level: 'GOLD' } }],
    'stays text where it is broken': ['<13>Nov 26 00:20:10 web1 app: {"msg":"x"', { message: '{"msg":"x"' }],
    'stays text where words follow': ['<13>Nov 26 00:20:10 web1 app: {"msg":"x"} y}', { message: '{"msg":"x"} y}' }],
    'may have a field called __proto__, and stays text then': ['<13>1 - - - - - - {"__proto__":{"a":1}}', { message: '{"__proto__":{"a":1}}' }]
  }
  for (const [what, [line, record]] of Object.entries(examples)) await t.test(what, async (t) => t.match(decode(line), record))
})

await t.test('a token in the JSON behind a header tells the owner, and is not kept', async (t) => {
  const { record, token } = decodeSyslog({ bytes: Buffer.from('<13>Nov 26 00:20:10 web1 app[5]: {"msg":"x","a":1,"_loggerbot_token":"lb_secret"}'), arrivedAt, address })
  t.equal(token, 'lb_secret')
  t.notMatch(JSON.stringify(record), 'lb_secret')
})
