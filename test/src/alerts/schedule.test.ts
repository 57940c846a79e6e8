import t from 'tap'
import { deadlineAfter, isCron, isZone, nextRun, quietUntil } from '../../../src/alerts/rules/schedule.ts'

/** The next times of an expression. */
function runs (cron: string, zone: string, after: string, count: number): string[] {
  const found: string[] = []
  let at = `${after}.000000`
  while (found.length < count) {
    at = nextRun(cron, zone, at)!
    found.push(at.slice(0, 16))
  }
  return found
}

t.test('times of a schedule on the days when clocks change', async (t) => {
  t.strictSame(runs('30 2 * * *', 'Europe/Berlin', '2026-03-27 12:00:00', 3), ['2026-03-28 01:30', '2026-03-29 01:00', '2026-03-30 00:30'], 'skipped: once, when the gap ends')
  t.strictSame(runs('30 2 * * *', 'Europe/Berlin', '2026-10-24 12:00:00', 3), ['2026-10-25 00:30', '2026-10-26 01:30', '2026-10-27 01:30'], 'shown twice: once')
  t.strictSame(runs('30 2 * * *', 'America/New_York', '2026-03-07 12:00:00', 2), ['2026-03-08 07:00', '2026-03-09 06:30'])
  t.strictSame(runs('30 1 * * *', 'America/New_York', '2026-10-31 12:00:00', 2), ['2026-11-01 05:30', '2026-11-02 06:30'])
  t.strictSame(runs('15 2 * * *', 'Australia/Lord_Howe', '2026-10-02 16:00:00', 2), ['2026-10-03 15:30', '2026-10-04 15:15'], 'half an hour')
  t.strictSame(runs('45 1 * * *', 'Australia/Lord_Howe', '2026-04-03 16:00:00', 2), ['2026-04-04 14:45', '2026-04-05 15:15'])
  t.strictSame(runs('30 2 * * *', 'Asia/Kolkata', '2026-03-28 00:00:00', 2), ['2026-03-28 21:00', '2026-03-29 21:00'], 'never')
})

t.test('what is a schedule, and what a zone', async (t) => {
  for (const cron of ['30 2 * * *', '*/5 8-17 * * 1-5', '0 0 1 * *', '0 0 L * *']) t.ok(isCron(cron), cron)
  for (const cron of ['x', '@daily', '* * * *', '61 * * * *', '0 0 30 2 *', '0 0 0 * * *', '']) t.notOk(isCron(cron), cron)
  for (const zone of ['Europe/Berlin', 'UTC', 'Asia/Kolkata']) t.ok(isZone(zone), zone)
  for (const zone of ['', 'Nowhere/Town', '+05:30', 'Europe/Berlin ']) t.notOk(isZone(zone), zone)
})

t.test('quiet hours end by the clock of their zone', async (t) => {
  const ends = (from: string, to: string, zone: string, now: string) => quietUntil({ from, to, zone }, `${now}:00.000000`)?.slice(0, 16)
  t.equal(ends('22:00', '07:00', 'Europe/Berlin', '2026-11-24 20:59'), undefined)
  t.equal(ends('22:00', '07:00', 'Europe/Berlin', '2026-11-24 21:00'), '2026-11-25 06:00', 'over midnight')
  t.equal(ends('22:00', '07:00', 'Europe/Berlin', '2026-11-25 05:59'), '2026-11-25 06:00')
  t.equal(ends('22:00', '07:00', 'Europe/Berlin', '2026-11-25 06:00'), undefined)
  t.equal(ends('12:00', '13:30', 'Asia/Kolkata', '2026-11-25 07:00'), '2026-11-25 08:00', 'within a day')
  t.equal(ends('22:00', '07:00', 'Europe/Berlin', '2026-03-28 22:00'), '2026-03-29 05:00', 'a night of one hour less')
  t.equal(ends('22:00', '07:00', 'Europe/Berlin', '2026-10-24 22:00'), '2026-10-25 06:00', 'a night of one hour more')
  t.equal(ends('22:00', '02:30', 'Europe/Berlin', '2026-03-28 22:00'), '2026-03-29 01:00', 'an end that the clock skips')
  t.equal(ends('07:00', '07:00', 'UTC', '2026-11-25 07:00'), undefined, 'none')
})

t.test('a deadline leaves out the time in which no log could be stored', async (t) => {
  const span = (from: string, to: string) => ({ from: `2026-11-24 ${from}:00.000000`, to: `2026-11-24 ${to}:00.000000` })
  const hourly = { everySeconds: 3600, graceSeconds: 300 }
  const nightly = { cron: '30 2 * * *', zone: 'UTC', graceSeconds: 600 }
  const at = (heard: string, expected: typeof hourly | typeof nightly, gaps: Array<ReturnType<typeof span>> = []) => {
    const deadline = deadlineAfter(`2026-11-24 ${heard}:00.000000`, expected, gaps)
    return [deadline?.at.slice(8, 16), deadline?.withGrace.slice(8, 16), deadline?.excused.length]
  }
  t.strictSame(at('10:00', hourly), ['24 11:00', '24 11:05', 0])
  t.strictSame(at('10:00', hourly, [span('10:30', '12:30')]), ['24 13:30', '24 13:35', 1], 'the interval begins again')
  t.strictSame(at('10:00', hourly, [span('11:01', '11:02')]), ['24 12:02', '24 12:07', 1], 'within the grace')
  t.strictSame(at('10:00', hourly, [span('08:00', '10:00'), span('11:05', '11:30')]), ['24 11:00', '24 11:05', 0], 'before and after')
  t.strictSame(at('10:00', hourly, [span('10:30', '10:40'), span('11:00', '11:10')]), ['24 12:10', '24 12:15', 2])
  t.strictSame(at('01:00', nightly), ['24 02:30', '24 02:40', 0])
  t.strictSame(at('01:00', nightly, [span('01:30', '02:29')]), ['24 02:30', '24 02:40', 0], 'it was over')
  t.strictSame(at('01:00', nightly, [span('02:35', '02:36')]), ['25 02:30', '25 02:40', 1], 'this time is left out')
})
