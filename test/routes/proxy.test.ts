import t from 'tap'
import { sqlite } from '../helpers/databases.ts'
import { http } from '../helpers/http.ts'
import { basic, createUser, startService } from '../helpers/service.ts'

/** Failed attempts of an address at one user, after which it is 429. */
const maxAttempts = 10

const settings: Record<string, { isTrusted: boolean }> = {
  'no setting': { isTrusted: false },
  false: { isTrusted: false },
  '10.0.0.9': { isTrusted: false },
  true: { isTrusted: true },
  '127.0.0.1': { isTrusted: true },
  '10.0.0.9, 127.0.0.0/8': { isTrusted: true }
}

for (const [setting, { isTrusted }] of Object.entries(settings)) {
  t.test(`LOGGER_TRUST_PROXY, ${setting}: X-Forwarded-For is ${isTrusted ? 'trusted' : 'ignored'}`, async (t) => {
    const { port } = await startService(t, sqlite, {
      settings: setting === 'no setting' ? {} : { LOGGER_TRUST_PROXY: setting }
    })
    await createUser({ port }, 'alice')
    const statusFrom = async (address: string, password: string) => {
      const headers = { ...basic('alice', password), 'x-forwarded-for': address }
      return (await http(port, 'GET', '/api/session', headers)).status
    }
    for (let n = 0; n < maxAttempts; n++) t.equal(await statusFrom('192.0.2.1', `wrong ${n}`), 401)
    t.equal(await statusFrom('192.0.2.1', 'wrong'), 429, 'the address is limited')
    t.equal(await statusFrom('192.0.2.2', 'wrong'), isTrusted ? 401 : 429, 'another address')
  })
}
