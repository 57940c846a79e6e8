import fc from 'fast-check'
import t from 'tap'
import { calendarOf, fieldTextOf, instantIn, startOfDay } from '../../../../web/app/time/calendar.ts'
import { instantOf } from '../../../../web/app/time/instant.ts'
import { parseTypedTime } from '../../../../web/app/time/parse.ts'

const zones = ['Europe/Moscow', 'America/New_York', 'Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe', 'UTC']
/** Thursday; in all zones of the tests it is 26 November. */
const now = Date.parse('2026-11-26T12:00:00Z')

const ownZone = process.env.TZ
t.beforeEach(() => { process.env.TZ = 'Europe/Moscow' })
t.teardown(() => {
  if (ownZone === undefined) delete process.env.TZ
  else process.env.TZ = ownZone
})

t.test('a time is read as it is typed, in the zone of the page', async (t) => {
  const cases: Record<string, string | undefined> = {
    '': '',
    ' now ': 'now',
    сейчас: 'now',
    '-15m': '-15m',
    '15m': '-15m',
    '15 м': '-15m',
    '15 мин': '-15m',
    '2ч': '-2h',
    '7 д': '-7d',
    '14:30': '2026-11-26T11:30:00.000Z',
    '15:00:00': '2026-11-26T12:00:00.000Z',
    '16:00': '2026-11-25T13:00:00.000Z',
    '4:06 pm': '2026-11-25T13:06:00.000Z',
    '12am': '2026-11-25T21:00:00.000Z',
    'today 23:00': '2026-11-26T20:00:00.000Z',
    today: '2026-11-25T21:00:00.000Z',
    'yesterday 17:00': '2026-11-25T14:00:00.000Z',
    'Yesterday at 5:30pm': '2026-11-25T14:30:00.000Z',
    'вчера 17:00': '2026-11-25T14:00:00.000Z',
    'Вчера в 17:00': '2026-11-25T14:00:00.000Z',
    позавчера: '2026-11-23T21:00:00.000Z',
    'mon 9:00': '2026-11-23T06:00:00.000Z',
    'пн 9:00': '2026-11-23T06:00:00.000Z',
    'Понедельник 9:00': '2026-11-23T06:00:00.000Z',
    'thu 9:00': '2026-11-26T06:00:00.000Z',
    'чт 19:00': '2026-11-19T16:00:00.000Z',
    '2026-11-24': '2026-11-23T21:00:00.000Z',
    '2026-11-24 10:00': '2026-11-24T07:00:00.000Z',
    '2026-11-24T10:00:05.250': '2026-11-24T07:00:05.250Z',
    '2026-11-24T10:00:00Z': '2026-11-24T10:00:00.000Z',
    '2026-11-24 10:00+05:30': '2026-11-24T04:30:00.000Z',
    '26.11 14:30': '2026-11-26T11:30:00.000Z',
    1.12: '2025-11-30T21:00:00.000Z',
    '26.11.2025 9:00': '2025-11-26T06:00:00.000Z',
    '2026-02-31': undefined,
    '31.02 10:00': undefined,
    '25:00': undefined,
    '13 pm': undefined,
    14: undefined,
    'some day': undefined,
    'some day 14:00': undefined,
    '-5y': undefined,
    '-999999999w': undefined
  }
  for (const [text, expected] of Object.entries(cases)) t.equal(parseTypedTime(text, { now, isUtc: false }), expected, text)
  t.equal(parseTypedTime('14:30', { now: Date.parse('2026-11-26T15:00:00Z'), isUtc: true }), '2026-11-26T14:30:00.000Z')
})

t.test('a time that was written as in the fields is read as the same instant, in every zone', async (t) => {
  const day = 86_400_000
  await fc.assert(fc.asyncProperty(fc.constantFrom(...zones), fc.integer({ min: -4000, max: 0 }), fc.integer({ min: 0, max: 86_399 }), fc.boolean(), async (zone, days, second, isUtc) => {
    process.env.TZ = zone
    const instant = now + days * day + second * 1000
    const text = fieldTextOf(instant, isUtc)
    const read = instantOf(parseTypedTime(text.replace('T', ' '), { now, isUtc }) ?? '', now)
    // An hour that a clock shows twice is the first one of the two.
    t.ok(read === instant || (read !== undefined && read < instant && fieldTextOf(read, isUtc) === text)) || t.comment(zone, text)
  }), { numRuns: 300 })
})

t.test('a clock alone was shown last at most a day ago, and words of a day mean that day', async (t) => {
  await fc.assert(fc.asyncProperty(fc.constantFrom(...zones), fc.integer({ min: 0, max: 366 * 24 * 60 }), fc.integer({ min: 0, max: 1439 }), fc.boolean(), async (zone, ago, minute, isUtc) => {
    process.env.TZ = zone
    const present = { now: now - ago * 60_000, isUtc }
    const clock = `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}`
    const last = instantOf(parseTypedTime(clock, present) ?? '', present.now) ?? Infinity
    t.ok(last <= present.now && last > present.now - 26 * 3_600_000) || t.comment(zone, clock)
    const yesterday = calendarOf(instantOf(parseTypedTime(`вчера ${clock}`, present) ?? '', present.now) ?? 0, isUtc)
    t.strictSame(yesterday.slice(0, 3), calendarOf(startOfDay(present.now, isUtc, 1), isUtc).slice(0, 3))
    // A clock that is put forward shows an hour later.
    t.ok([0, 30, 60].includes((yesterday[3] * 60 + yesterday[4] - minute + 1440) % 1440)) || t.comment(zone, clock, yesterday)
  }), { numRuns: 300 })
})

t.test('nothing that is typed throws, and what is read is a time', async (t) => {
  await fc.assert(fc.asyncProperty(fc.oneof(fc.string(), fc.stringMatching(/^[-0-9 :.tvapmdhsw]{0,20}$/)), async (text) => {
    const read = parseTypedTime(text, { now, isUtc: true })
    t.ok(read === undefined || read === '' || instantOf(read, now) !== undefined) || t.comment(text)
  }), { numRuns: 500 })
})

t.test('a day of 23 or 25 hours begins at its midnight', async (t) => {
  process.env.TZ = 'Europe/Berlin'
  const begins = startOfDay(Date.parse('2026-10-26T12:00Z'), false)
  t.equal(begins - startOfDay(begins, false, 1), 25 * 3_600_000)
  t.equal(instantIn([2026, 2, 29, 2, 30, 0, 0], false), Date.parse('2026-03-29T01:30Z'), 'a time that the clock skips')
})
