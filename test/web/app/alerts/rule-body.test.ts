import fc from 'fast-check'
import t from 'tap'
import { bodyOf, inUnit, units } from '../../../../web/app/alerts/rule-body.ts'
import { isQuiet } from '../../../../web/app/alerts/quiet.ts'

t.test('a length of time in its unit is as long', async (t) => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 40 * 86_400 }), (seconds) => {
    const { count, unit } = inUnit(seconds)
    return count * units[unit] === seconds && Number.isInteger(count)
  }))
  t.strictSame(inUnit(7200), { count: 2, unit: 'hours' })
})

const seconds = fc.integer({ min: 1, max: 1000 }).chain((count) => fc.constantFrom('seconds', 'minutes', 'hours', 'days').map((unit) => ({ count, unit: unit as keyof typeof units })))

t.test('a form becomes the rule that it shows', async () => {
  fc.assert(fc.property(seconds, seconds, fc.integer({ min: 0 }), fc.option(fc.constantFrom('process', 'user.name')), (within, coolDown, moreThan, by) => {
    const fields = new FormData()
    for (const [name, value] of Object.entries({
      name: ' logins ',
      'settings.query': ' failed ',
      'settings.by': by ?? '',
      'settings.moreThan': String(moreThan),
      'settings.withinSeconds': String(within.count),
      'settings.withinSeconds.unit': within.unit,
      coolDownSeconds: String(coolDown.count),
      'coolDownSeconds.unit': coolDown.unit,
      repeatSeconds: '0',
      'repeatSeconds.unit': 'hours'
    })) fields.append(name, value)
    fields.append('channels', 'a')
    fields.append('channels', 'b')
    t.strictSame(bodyOf('count', fields), {
      kind: 'count',
      settings: { query: 'failed', by, moreThan, withinSeconds: within.count * units[within.unit] },
      name: 'logins',
      channels: ['a', 'b'],
      coolDownSeconds: coolDown.count * units[coolDown.unit],
      repeatSeconds: 0,
      quietHours: null
    })
  }), { numRuns: 20 })
})

t.test('quiet hours and the hours between them make a day', async (t) => {
  const clock = fc.integer({ min: 0, max: 1439 }).map((minute) => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`)
  fc.assert(fc.property(clock, clock, fc.integer({ min: 0, max: 4e12 }), (from, to, now) => (
    from === to || isQuiet({ from, to, zone: 'Europe/Berlin' }, now) !== isQuiet({ from: to, to: from, zone: 'Europe/Berlin' }, now)
  )))
  t.equal(isQuiet({ from: '22:00', to: '07:00', zone: 'Europe/Berlin' }, Date.parse('2026-11-27T22:30:00Z')), true)
  t.equal(isQuiet({ from: '22:00', to: '07:00', zone: 'Nowhere' }, 0), false)
})
