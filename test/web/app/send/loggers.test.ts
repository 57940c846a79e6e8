import t from 'tap'
import { loggersOf } from '../../../../web/app/send/loggers.ts'

t.test('the lines of each logger name the server and the token', async (t) => {
  for (const address of ['http://127.0.0.1:5000/', 'https://logs.example.com/some/prefix/']) {
    const url = new URL(address)
    for (const { name, lines } of loggersOf({ url, token: 'lb_token' })) {
      t.ok(lines.includes(url.hostname) && lines.includes('lb_token'), `${name} of ${address}`)
    }
  }
})

t.test('a prefix is part of each path, and doubles no slash', async (t) => {
  const text = loggersOf({ url: new URL('https://logs.example.com/prefix/'), token: 'lb_token' })
    .filter(({ isSyslog }) => !isSyslog).map(({ lines }) => lines).join('\n')
  t.notMatch(text, /example\.com(?!\/prefix)(?!", "\/prefix)(?!\n +port +443\n +uri +\/prefix)/)
  t.notMatch(text, /prefix\/\//)
  t.notMatch(text, 'Docker')
})
