import { writeFileSync } from 'node:fs'
import fc from 'fast-check'
import type { Test } from 'tap'
import { decodeJournalEntry, JournalCutter } from '../../src/decode/journal.ts'
import { mustRun } from '../helpers/checkout.ts'
import type { DefineTest } from '../helpers/client.ts'
import { temporaryFolder } from '../helpers/databases.ts'
import { http } from '../helpers/http.ts'

function binary (name: string, value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as string)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(bytes.length))
  return Buffer.concat([Buffer.from(`${name}\n`), length, bytes, Buffer.from('\n')])
}

const boot = '4e8f0f6b3a8a4a0d9b6b6f2d2b1c0a98'
const entry = (i: number, fields: Buffer) => Buffer.concat([
  Buffer.from(`__CURSOR=s=${boot};i=${i};b=${boot};m=${i};t=660eac2dad90${i};x=${i}\n__REALTIME_TIMESTAMP=179541126800000${i}\n__MONOTONIC_TIMESTAMP=${i}\n_BOOT_ID=${boot}\n`),
  fields, Buffer.from('\n')])
const journal = Buffer.concat([
  entry(1, Buffer.from('PRIORITY=6\nMESSAGE=order paid\nSYSLOG_IDENTIFIER=shop\n_PID=77\n_SYSTEMD_UNIT=shop.service\nTAG=a\nTAG=b\n')),
  entry(2, Buffer.concat([Buffer.from('PRIORITY=3\n'), binary('MESSAGE', 'two\n\nlines, Привет 🙂'), Buffer.from('_COMM=shop\n')])),
  entry(3, Buffer.concat([Buffer.from('PRIORITY=4\nMESSAGE=binary\n'), binary('BIN', Uint8Array.of(0xff, 0, 10, 10))]))
])
const expected = [
  { at: '2026-11-23 05:21:08.000001', level: 'info', process: 'shop', pid: 77, description: 'shop.service', message: 'order paid', attributes: { TAG: ['a', 'b'], _BOOT_ID: boot } },
  { level: 'error', process: 'shop', message: 'two\n\nlines, Привет 🙂' },
  { level: 'warning', process: '-', message: 'binary', attributes: { BIN: { base64: '/wAKCg==' } } }
]

/** systemd-journal-upload. */
export default function (test: DefineTest): void {
  test('systemd-journal-upload arrives in order, with its fields', async (t, { port, token, logs }) => {
    const folder = temporaryFolder(t)
    writeFileSync(`${folder}/x.export`, journal)
    await mustRun('/lib/systemd/systemd-journal-remote', [`--output=${folder}/x.journal`, `${folder}/x.export`])
    await mustRun('/lib/systemd/systemd-journal-upload', [`--url=http://any:${token}@127.0.0.1:${port}`, `--file=${folder}/x.journal`, '--follow=no'])
    t.match(await logs(), expected)
  })

  test('a journal is stored once when it comes again, beside what is no entry', async (t, { port, token, logs, deadLetters }) => {
    const upload = (body: Buffer, headers: Record<string, string> = { authorization: `Bearer ${token}` }) => http(port, 'POST', '/upload', headers, body)
    t.match(await upload(journal), { status: 200, body: '{"accepted":3,"rejected":0,"errors":[]}' })
    t.match(await upload(journal), { status: 200, headers: { 'idempotency-replayed': 'true' } })
    t.match(await upload(Buffer.from('MESSAGE=a\n\nno field=x\n\nMESSAGE=b')), { status: 200, body: /"accepted":2,"rejected":1,"errors":\[\{"index":1,/ })
    t.match(await logs(), [...expected, { message: 'a' }, { message: 'b' }])
    t.match(await deadLetters(), [{ source: 'journal', record: /no field=x/ }])
    t.match(await upload(journal, {}), { status: 401 })
  })
}

/** Any chunking of the journal gives the same entries, and damage does not break the decoder. */
export function cutJournal (t: Test): void {
  const cut = (bytes: Buffer, size: number) => {
    const cutter = new JournalCutter(100_000)
    const entries: Buffer[] = []
    for (let at = 0; at < bytes.length; at += size) entries.push(...cutter.push(bytes.subarray(at, at + size)))
    return [...entries, ...cutter.end()]
  }
  const outcome = (bytes: Buffer, size: number) => {
    try {
      return cut(bytes, size).flatMap((entry) => [...decodeJournalEntry(entry, 0, '2026-01-02 03:04:05.000000')])
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  for (const size of [1, 3, 50, 10_000]) t.equal(cut(journal, size).length, 3)
  fc.assert(fc.property(fc.nat(), fc.nat(255), fc.nat(), fc.integer({ min: 1, max: 60 }), (at, byte, end, size) => {
    const bytes = Buffer.from(journal.subarray(0, end % journal.length + 1))
    bytes[at % bytes.length] = byte
    const whole = outcome(bytes, 100_000)
    if (typeof whole === 'string') t.equal(whole, 'LOGGER_TOO_LARGE')
    else t.strictSame(outcome(bytes, size), whole)
  }), { numRuns: 500 })
}
