import t from 'tap'
import { browserOf } from '../../../../web/app/account/browser.ts'
import { lastDays } from '../../../../web/app/account/days.ts'

t.test('a browser and its system have the names that people use', async (t) => {
  const cases = [
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox · Linux'],
    ['Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36', 'Chrome · Android'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0', 'Edge · Windows'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/19.0 Safari/605.1.15', 'Safari · macOS'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/140.0 Mobile Safari/604.1', 'Chrome · iOS'],
    ['curl/8.5.0', 'curl'],
    ['', '–']
  ] as const
  for (const [userAgent, expected] of cases) t.equal(browserOf(userAgent), expected)
})

t.test('the last days end today, and those without logs have none', async (t) => {
  const days = lastDays([{ day: '2026-11-01', logs: 9 }, { day: '2026-11-26', logs: 3 }], Date.parse('2026-11-27T00:30:00Z'))
  t.equal(days.length, 14)
  t.strictSame(days[0], { day: '2026-11-14', logs: 0 })
  t.strictSame(days.slice(-2), [{ day: '2026-11-26', logs: 3 }, { day: '2026-11-27', logs: 0 }])
})
