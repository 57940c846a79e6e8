import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import t, { type Test } from 'tap'
import { DatabaseAway } from '../../../src/errors.ts'
import { Attempts } from '../../../src/authenticate/attempts.ts'
import { hashCredential, nobodysCredential, verifyCredential } from '../../../src/authenticate/credential.ts'
import { Known } from '../../../src/authenticate/remembered.ts'
import { registerUser, type UserStore } from '../../../src/authenticate/register.ts'
import { networkOf } from '../../../src/authenticate/network.ts'
import { coalesce } from '../../../src/authenticate/coalesce.ts'
import { Keyring, type RememberedToken } from '../../../src/authenticate/keyring.ts'
import { OutageCache } from '../../../src/authenticate/outage-cache.ts'
import { contractToken, digestOf, isSameSecret } from '../../../src/authenticate/token.ts'
import { FairQueue } from '../../../src/authenticate/fair-queue.ts'
import { Users, type RememberedUser, type StoredUser, type UsersOptions } from '../../../src/authenticate/users.ts'
import { Verifier } from '../../../src/authenticate/verifier.ts'
import { utcTime } from '../../../src/model/instant.ts'
import { temporaryFolder } from '../../helpers/databases.ts'

/** Counts how often scrypt is begun, in its threads, while the work is done. */
async function countScrypt (work: () => Promise<unknown>): Promise<number> {
  let begun = 0
  const { postMessage } = Worker.prototype
  Worker.prototype.postMessage = function (this: Worker, ...message: Parameters<typeof postMessage>) {
    begun++
    postMessage.apply(this, message)
  }
  try {
    await work()
  } finally {
    Worker.prototype.postMessage = postMessage
  }
  return begun
}

/** A clock that stands still until it is set, as that of performance does, beside the wall clock. */
function stopClock (t: Test): { ms: number, now: () => number } {
  const started = Date.now()
  const clock = { ms: 0, now: () => clock.ms }
  t.intercept(Date, 'now', { value: () => started + clock.ms })
  return clock
}

const minute = 60_000
const tooMany = { statusCode: 429, code: 'LOGGER_TOO_MANY_ATTEMPTS' }

t.test('contractToken is the md5 of user and password, nothing between them', async (t) => {
  t.equal(contractToken('username', 'password'), 'd51c9a7e9353746a6020f9602d452929')
  t.equal(contractToken('user', 'namepassword'), contractToken('username', 'password'))
  t.equal(contractToken('é', '😀'), '62b3afe3b01f6f80152b567d9b216cde')
})

t.test('isSameSecret compares secrets of any length', async (t) => {
  const same: Array<[one: string, other: string, same: boolean]> = [
    ['a', 'a', true], ['', '', true], ['é😀', 'é😀', true], ['a', 'b', false], ['a', 'A', false], ['a', 'aa', false], ['', 'a', false], ['a'.repeat(10_000), 'a'.repeat(9999), false]
  ]
  for (const [one, other, expected] of same) t.equal(isSameSecret(one, other), expected, `${one.slice(0, 9)} ${other.slice(0, 9)}`)
  t.equal(digestOf('').length, 32)
})

t.test('a credential', async (t) => {
  const credential = await hashCredential('token')

  await t.test('is its scrypt costs, a salt and a hash, and holds nothing of the token', async (t) => {
    t.match(credential, /^scrypt\$N=16384,r=8,p=1\$[\w+/]{22}==\$[\w+/]{43}=$/)
    t.notMatch(credential, 'token')
    t.not(credential, await hashCredential('token'), 'each has a salt of its own')
  })

  await t.test('matches its token and no other', async (t) => {
    t.ok(await verifyCredential('token', credential))
    for (const other of ['', 'Token', 'token ', 'toke', credential]) t.notOk(await verifyCredential(other, credential), other)
  })

  await t.test('of other costs still matches', async (t) => {
    // RFC 7914, 12: scrypt("password", "NaCl", N=1024, r=8, p=16), its first 32 bytes.
    const hash = Buffer.from('fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162', 'hex').toString('base64')
    const other = `scrypt$N=1024,r=8,p=16$${Buffer.from('NaCl').toString('base64')}$${hash}`
    t.ok(await verifyCredential('password', other))
    t.notOk(await verifyCredential('passwore', other))
  })

  await t.test('of unknown form matches nothing', async (t) => {
    for (const unknown of ['', 'token', 'scrypt$', 'md5$token', credential.replace('scrypt', 'argon2id'), `${credential}$`]) t.notOk(await verifyCredential('token', unknown), unknown)
  })

  await t.test('of nobody has the form and the costs of any other, and matches nothing', async (t) => {
    const form = (line: string) => line.split('$').map((part, index) => index < 2 ? part : part.length)
    t.strictSame(form(nobodysCredential), form(credential))
    t.equal(await countScrypt(() => verifyCredential('token', nobodysCredential)), 1)
    t.notOk(await verifyCredential('token', nobodysCredential))
  })
})

t.test('Attempts', async (t) => {
  const failing = async () => undefined

  await t.test('lets a key fail as often as the limit says, and then tells when to come again', async (t) => {
    const clock = stopClock(t)
    const attempts = new Attempts(10, minute, clock.now)
    for (let i = 0; i < 10; i++) t.equal(await attempts.spend('key', failing), undefined)
    clock.ms += 15_500
    await t.rejects(attempts.spend('key', async () => t.fail('the proof was run')), { message: 'too many failed attempts, try again in 45 seconds' })
    t.equal(await attempts.spend('another key', failing), undefined)
  })

  await t.test('lets it try again when the window is over, which a refused try does not lengthen', async (t) => {
    const clock = stopClock(t)
    const attempts = new Attempts(2, minute, clock.now)
    await attempts.spend('key', failing)
    clock.ms += minute - 1
    await attempts.spend('key', failing)
    await t.rejects(attempts.spend('key', failing), tooMany)
    clock.ms += 1
    t.equal(await attempts.spend('key', async () => 'proved'), 'proved')
    await attempts.spend('key', failing)
    await attempts.spend('key', failing)
    await t.rejects(attempts.spend('key', failing), tooMany)
  })

  await t.test('takes no try for a proof that succeeds, or that throws', async (t) => {
    const attempts = new Attempts(2)
    for (let i = 0; i < 5; i++) {
      t.equal(await attempts.spend('key', async () => 'proved'), 'proved')
      await t.rejects(attempts.spend('key', async () => { throw new Error('no database') }), { message: 'no database' })
    }
    await attempts.spend('key', failing)
    t.equal(await attempts.spend('key', async () => 'proved'), 'proved', 'with one try left')
    await attempts.spend('key', failing)
    await t.rejects(attempts.spend('key', failing), tooMany)
  })

  await t.test('lets no more through at once than one after another', async (t) => {
    const attempts = new Attempts(10)
    let proofs = 0
    const proof = async () => { proofs++; return undefined }
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => attempts.spend('key', proof)))
    t.equal(proofs, 10)
    t.equal(results.filter(({ status }) => status === 'rejected').length, 40)
  })

  await t.test('forgets the oldest key after 10,000 others', async (t) => {
    const attempts = new Attempts(1)
    await attempts.spend('first', failing)
    await attempts.spend('second', failing)
    for (let i = 0; i < 9999; i++) await attempts.spend(`${i}`, failing)
    await t.rejects(attempts.spend('second', failing), tooMany)
    t.equal(await attempts.spend('first', failing), undefined)
  })
})

t.test('a network is what one customer has of the addresses', async (t) => {
  const networks: Record<string, string> = {
    '127.0.0.1': '127.0.0.1',
    '::ffff:10.0.0.1': '10.0.0.1',
    '::FFFF:0a00:0001': '10.0.0.1',
    '0:0:0:0:0:ffff:10.0.0.1': '10.0.0.1',
    '::1': '0:0:0:0::/64',
    '2001:db8:1:2::3': '2001:db8:1:2::/64',
    '2001:DB8:1:2:ffff:ffff:ffff:ffff': '2001:db8:1:2::/64',
    '2001:db8::1:2:3:4': '2001:db8:0:0::/64',
    'fe80::1%eth0': 'fe80:0:0:0::/64',
    '64:ff9b::10.0.0.1': '64:ff9b:0:0::/64',
    unknown: 'unknown'
  }
  for (const [address, network] of Object.entries(networks)) t.equal(networkOf(address), network, address)
})

t.test('FairQueue', async (t) => {
  const begun: string[] = []
  /** Work that ends when it is told to. */
  const work = (name: string) => {
    let end = () => {}
    const ended = new Promise<string>((resolve) => { end = () => resolve(name) })
    return { end, start: () => { begun.push(name); return ended } }
  }

  await t.test('are taken by groups one after the other, however many wait in one', async (t) => {
    const turns = new FairQueue(1, 10)
    const works = ['a1', 'a2', 'a3', 'b1', 'c1'].map(work)
    const done = works.map(({ start }, index) => turns.run('aaabc'[index]!, start))
    for (const { end } of works) end()
    t.strictSame(await Promise.all(done), ['a1', 'a2', 'a3', 'b1', 'c1'])
    t.strictSame(begun, ['a1', 'a2', 'b1', 'c1', 'a3'])
  })

  await t.test('are refused past the longest line to the group that waits most', async (t) => {
    const turns = new FairQueue(1, 3)
    const first = work('first')
    const done = [turns.run('a', first.start), ...['a', 'a', 'a'].map((group) => turns.run(group, async () => 'a'))]
    const last = turns.run('b', async () => 'b')
    t.match(await done[3]!.catch((error: unknown) => error), { statusCode: 503, retryAfter: 5 })
    first.end()
    t.strictSame(await Promise.all([...done.slice(0, 3), last]), ['first', 'a', 'a', 'b'])
  })

  await t.test('go on after work that failed', async (t) => {
    const turns = new FairQueue(1, 1)
    await t.rejects(turns.run('a', async () => { throw new Error('failed') }), { message: 'failed' })
    t.equal(await turns.run('a', async () => 'done'), 'done')
  })
})

t.test('Verifier', async (t) => {
  const token = contractToken('denis', 'password')
  const credential = await hashCredential(token)
  const denis = { id: 1, name: 'denis', admin: false }

  const verifierOf = (options: UsersOptions) => new Verifier(new Users(options), options.now)

  /** A verifier of one user; the test may change the row. */
  function setUp (t: Test) {
    const clock = stopClock(t)
    const rows = new Map<string, StoredUser>([['denis', { ...denis, credential, disabled: false }]])
    const asked: string[] = []
    const find = async (name: string) => {
      asked.push(name)
      return structuredClone(rows.get(name))
    }
    return { rows, asked, clock, verifier: verifierOf({ find, now: clock.now }) }
  }

  await t.test('finds the user of a token', async (t) => {
    const { verifier } = setUp(t)
    t.strictSame(await verifier.verify('denis', token, '::1'), denis)
    t.equal(await verifier.verify('denis', contractToken('denis', 'wrong'), '::1'), undefined)
    t.equal(await verifier.verify('Denis', token, '::1'), undefined)
    t.equal(await verifier.verify('nobody', token, '::1'), undefined)
  })

  await t.test('runs scrypt once for many requests at once, and not again after them', async (t) => {
    const { verifier, asked } = setUp(t)
    t.equal(await countScrypt(async () => {
      const users = await Promise.all(Array.from({ length: 100 }, () => verifier.verify('denis', token, '::1')))
      t.strictSame(users, users.map(() => denis))
    }), 1)
    t.equal(await countScrypt(() => verifier.verify('denis', token, '10.0.0.1')), 0)
    t.strictSame(asked, ['denis'])
  })

  await t.test('looks at the row once a second, without scrypt while it is the same', async (t) => {
    const { verifier, asked, clock } = setUp(t)
    await verifier.verify('denis', token, '::1')
    clock.ms += 999
    await verifier.verify('denis', token, '::1')
    t.equal(asked.length, 1)
    clock.ms += 1
    t.equal(await countScrypt(async () => {
      const users = await Promise.all(Array.from({ length: 100 }, () => verifier.verify('denis', token, '::1')))
      t.strictSame(users, users.map(() => denis))
    }), 0)
    t.equal(asked.length, 2)
  })

  const changes: Record<string, (rows: Map<string, StoredUser>) => Promise<void>> = {
    'is disabled': async (rows) => { rows.get('denis')!.disabled = true },
    'has another credential': async (rows) => { rows.get('denis')!.credential = await hashCredential('another') },
    'is gone': async (rows) => { rows.delete('denis') }
  }
  for (const [what, change] of Object.entries(changes)) {
    await t.test(`refuses a remembered token a second after the user ${what}`, async (t) => {
      const { verifier, rows, clock } = setUp(t)
      await verifier.verify('denis', token, '::1')
      await change(rows)
      t.strictSame(await verifier.verify('denis', token, '::1'), denis)
      clock.ms += 1000
      t.equal(await verifier.verify('denis', token, '::1'), undefined)
      t.equal(await verifier.verify('denis', token, '::1'), undefined)
    })
  }

  await t.test('lets a user in again whose row is as it was', async (t) => {
    const { verifier, rows, clock } = setUp(t)
    await verifier.verify('denis', token, '::1')
    rows.get('denis')!.disabled = true
    clock.ms += 1000
    t.equal(await verifier.verify('denis', token, '::1'), undefined)
    rows.get('denis')!.disabled = false
    t.strictSame(await verifier.verify('denis', token, '::1'), denis)
  })

  await t.test('spends as much on an unknown and a disabled user as on a wrong token: one scrypt', async (t) => {
    const { verifier, rows } = setUp(t)
    rows.set('disabled', { id: 2, name: 'disabled', credential: await hashCredential('token of disabled'), disabled: true, admin: false })
    for (const [name, tried] of [['denis', 'wrong'], ['nobody', 'wrong'], ['disabled', 'wrong'], ['disabled', 'token of disabled']] as const) {
      t.equal(await countScrypt(async () => t.equal(await verifier.verify(name, tried, '::1'), undefined)), 1, `${name} ${tried}`)
    }
  })

  await t.test('refuses the eleventh try of an address and user, and runs nothing for it', async (t) => {
    const { verifier, asked } = setUp(t)
    for (let i = 0; i < 10; i++) t.equal(await verifier.verify('denis', `wrong ${i}`, '::1'), undefined)
    asked.length = 0
    t.equal(await countScrypt(() => t.rejects(verifier.verify('denis', 'wrong again', '::1'), tooMany)), 0)
    await t.rejects(verifier.verify('denis', token, '::1'), tooMany, 'nor is the right token tried')
    t.strictSame(asked, [])
    t.equal(await verifier.verify('another', 'wrong', '::1'), undefined, 'another user of the address may try')
    t.strictSame(await verifier.verify('denis', token, '10.0.0.1'), denis, 'the user may, from another address')
  })

  await t.test('goes on taking a remembered token while its address is refused', async (t) => {
    const { verifier, clock } = setUp(t)
    await verifier.verify('denis', token, '::1')
    for (let i = 0; i < 10; i++) await verifier.verify('denis', `wrong ${i}`, '::1')
    await t.rejects(verifier.verify('denis', 'wrong again', '::1'), tooMany)
    t.strictSame(await verifier.verify('denis', token, '::1'), denis)
    clock.ms += 1000
    t.strictSame(await verifier.verify('denis', token, '::1'), denis, 'also when the row is looked at again')
  })

  await t.test('refuses a network that failed with many names, at once and one after the other; not others', async (t) => {
    for (const isAtOnce of [true, false]) {
      const { verifier, clock } = setUp(t)
      t.strictSame(await verifier.verify('denis', token, '10.0.0.1'), denis)
      let refused = 0
      const proofs = await countScrypt(async () => {
        const guess = async (_: unknown, n: number) => verifier.verify(`nobody${n}`, 'wrong', '10.0.0.1').catch(() => { refused++ })
        if (isAtOnce) await Promise.all(Array.from({ length: 90 }, guess))
        else for (let n = 0; n < 90; n++) await guess(undefined, n)
      })
      t.ok(proofs >= 60 && proofs < 66, `${proofs} proofs`)
      t.ok(refused > 20)
      await t.rejects(verifier.verify('denis', 'wrong', '::ffff:10.0.0.1'), tooMany)
      t.strictSame(await verifier.verify('denis', token, '10.0.0.1'), denis, 'who was let in goes on')
      t.equal(await verifier.verify('denis', 'wrong', '10.0.0.2'), undefined)
      clock.ms += minute
      t.equal(await verifier.verify('denis', 'wrong', '10.0.0.1'), undefined)
    }
  })

  await t.test('counts an IPv6 network as one', async (t) => {
    const { verifier } = setUp(t)
    for (let n = 0; n < 10; n++) await verifier.verify('denis', `wrong ${n}`, `2001:db8::${n}`)
    await t.rejects(verifier.verify('denis', 'wrong', '2001:db8::ffff:1'), tooMany)
    t.equal(await verifier.verify('denis', 'wrong', '2001:db8:0:1::1'), undefined)
  })

  await t.test('while the database is away, knows who proved their token before, and tells nobody else that it is wrong', async (t) => {
    const clock = stopClock(t)
    const folder = temporaryFolder(t)
    let away = false
    const find = async () => {
      if (away) throw new Error('no database')
      return { ...denis, credential, disabled: false }
    }
    const unavailable = { statusCode: 503, retryAfter: 5 }
    const start = () => {
      const users = new Known<RememberedUser>(join(folder, 'users'))
      return { users, verifier: verifierOf({ find, memory: () => users, now: clock.now }) }
    }
    const before = start()
    t.strictSame(await before.verifier.verify('denis', token, '::1'), denis)
    clock.ms += 2000
    away = true
    t.strictSame(await before.verifier.verify('denis', token, '::1'), denis, 'in the same process')
    await before.users.close()

    const { verifier } = start()
    t.match(await verifier.verify('denis', contractToken('denis', 'other'), '::1').catch((error: unknown) => error), unavailable)
    t.match(await verifier.verify('nobody', token, '::1').catch((error: unknown) => error), unavailable)
    t.strictSame(await verifier.verify('denis', token, '::1'), denis, 'after a restart')
    for (let i = 0; i < 10; i++) await verifier.verify('nobody', token, '::2').catch(() => {})
    t.match(await verifier.verify('nobody', token, '::2').catch((error: unknown) => error), { statusCode: 429 }, 'guessing is limited as ever')
  })

  await t.test('forgets who was changed or disabled, beyond this process', async (t) => {
    const clock = stopClock(t)
    const file = join(temporaryFolder(t), 'users')
    const users = new Known<RememberedUser>(file)
    let disabled = false
    const verifier = verifierOf({ find: async () => ({ ...denis, credential, disabled }), memory: () => users, now: clock.now })
    t.strictSame(await verifier.verify('denis', token, '::1'), denis)
    t.equal(users.size, 1)
    disabled = true
    clock.ms += 2000
    t.equal(await verifier.verify('denis', token, '::1'), undefined)
    await users.close()
    t.equal(new Known(file).size, 0)
  })
})

t.test('OutageCache', async (t) => {
  await t.test('stays bounded, and asks again for what it forgot', async (t) => {
    const asked: string[] = []
    const cache = new OutageCache<string>({ maxAnswers: 100, now: () => 0 })
    const find = async (key: string) => (await cache.find(key, { ask: async () => { asked.push(key); return key }, recall: () => undefined })).value
    for (let n = 0; n < 1000; n++) t.equal(await find(`${n}`), `${n}`)
    t.equal(cache.size, 100)
    asked.length = 0
    await find('999')
    await find('0')
    t.strictSame(asked, ['0'])
  })

  await t.test('waits for the database when it must know, even after it did not answer', async (t) => {
    const cache = new OutageCache<string>({ now: () => 0 })
    let ask = async () => 'before'
    const find = (maxAgeMs: number) => cache.find('key', { ask: () => ask(), recall: () => undefined, maxAgeMs })
    await find(0)
    ask = async () => { throw new Error('unavailable') }
    t.strictSame(await find(0), { value: 'before', isStale: true })
    ask = async () => 'after'
    t.strictSame(await find(0), { value: 'after', isStale: false })
  })
})

t.test('coalesce', async (t) => {
  const asked: Array<readonly string[]> = []
  let answer: Array<(found: Array<{ name: string }> | Error) => void> = []
  const find = coalesce((names) => new Promise<Array<{ name: string }>>((resolve, reject) => {
    asked.push(names)
    answer.push((found) => found instanceof Error ? reject(found) : resolve(found))
  }))

  await t.test('asks in one query for all that is wanted while another is under way, each name once', async (t) => {
    const found = ['a', 'b', 'c', 'b'].map(find)
    answer.shift()!([{ name: 'a' }])
    t.strictSame(await found[0], { name: 'a' })
    answer.shift()!([{ name: 'b' }])
    t.strictSame(await Promise.all(found), [{ name: 'a' }, { name: 'b' }, undefined, { name: 'b' }])
    t.strictSame(asked, [['a'], ['b', 'c']])
  })

  await t.test('tells all whose query failed, and asks again for the next', async (t) => {
    answer = []
    const failed = t.rejects(find('a'), { message: 'away' })
    const next = find('b')
    answer.shift()!(new Error('away'))
    await failed
    answer.shift()!([{ name: 'b' }])
    t.strictSame(await next, { name: 'b' })
  })
})

t.test('Keyring', async (t) => {
  const clock = stopClock(t)
  const owner = { id: 1, userId: 2, userName: 'alice', admin: false, scopes: ['write'] as const, expiresAt: null as string | null, leftMs: Infinity }
  let look: () => Promise<typeof owner | undefined> = async () => owner
  const keyring = new Keyring({ store: { findOwner: () => look(), markUsed: async () => {} }, now: clock.now })

  await t.test('knows who was known while the database is away, and nobody else', async (t) => {
    t.match(await keyring.find('lb_hers', '::1'), { id: 2, name: 'alice' })
    look = async () => { throw new Error('away') }
    for (let second = 0; second < 3; second++) {
      clock.ms += 1001
      t.match(await keyring.find('lb_hers', '::1'), { id: 2 })
    }
    await t.rejects(keyring.find('lb_other', '::1'), new DatabaseAway())
  })

  await t.test('does not wait twice for a database that is silent', async (t) => {
    look = () => new Promise(() => {})
    clock.ms += 1001
    t.match(await keyring.find('lb_hers', '::1'), { id: 2 })
  })

  await t.test('knows after a restart who sent logs before, but not with a token that expires or was revoked', async (t) => {
    const folder = temporaryFolder(t)
    let expiresAt: string | null = null
    let answer: () => Promise<typeof owner | undefined> = async () => ({ ...owner, expiresAt, leftMs: expiresAt === null ? Infinity : 5000 })
    const start = () => {
      const known = new Known<RememberedToken>(join(folder, 'tokens'))
      return { known, keyring: new Keyring({ store: { findOwner: () => answer(), markUsed: async () => {} }, memory: () => known, now: clock.now }) }
    }
    const before = start()
    await before.keyring.find('lb_hers', '::1')
    expiresAt = utcTime(Date.now() + 5000)
    await before.keyring.find('lb_soon', '::1')
    answer = async () => ({ ...owner, scopes: ['read'] as never })
    await before.keyring.find('lb_reader', '::1')
    await before.known.close()
    t.notMatch(readFileSync(join(folder, 'tokens'), 'utf8'), 'lb_', 'no token is written down')

    answer = async () => { throw new Error('away') }
    const { keyring, known } = start()
    t.match(await keyring.find('lb_hers', '::1'), { id: 2, name: 'alice', scopes: new Set(['write']), admin: false })
    await t.rejects(keyring.find('lb_reader', '::1'), new DatabaseAway())
    await t.rejects(keyring.find('lb_soon', '::1'), new DatabaseAway(), 'no clock but the database\'s could tell when')
    t.match(await keyring.find('lb_hers', '::1'), { id: 2 })
    answer = async () => undefined
    clock.ms += 1001
    await keyring.find('lb_hers', '::1')
    await turn()
    await known.close()
    t.equal(new Known(join(folder, 'tokens')).find(digestOf('lb_hers').toString('hex')), undefined)
  })

  await t.test('forgets who was revoked meanwhile, a second after the database is back', async (t) => {
    look = async () => undefined
    clock.ms += 1001
    await keyring.find('lb_hers', '::1')
    await turn()
    clock.ms += 1001
    t.equal(await keyring.find('lb_hers', '::1'), undefined)
  })
})

t.test('Keyring and a token that expires', async (t) => {
  const expiring = { id: 1, userId: 2, userName: 'alice', admin: false, scopes: ['write'] as const, expiresAt: utcTime() }
  const at = (clock: { now: () => number }, look: () => Promise<typeof expiring & { leftMs: number }>) => (
    new Keyring({ store: { findOwner: look, markUsed: async () => {} }, now: clock.now }))

  await t.test('refuses it from its deadline on, also while the database is away', async (t) => {
    const clock = stopClock(t)
    let isAway = false
    const keyring = at(clock, async () => {
      if (isAway) throw new Error('away')
      return { ...expiring, leftMs: 5000 - clock.ms }
    })
    t.match(await keyring.find('lb_soon', '::1'), { id: 2 })
    isAway = true
    clock.ms += 4999
    t.match(await keyring.find('lb_soon', '::1'), { id: 2 })
    clock.ms += 1
    t.equal(await keyring.find('lb_soon', '::1'), undefined)
    isAway = false
    clock.ms += 1001
    t.equal(await keyring.find('lb_soon', '::1'), undefined)
  })

  await t.test('refuses it then even if the database\'s clock is set back, until its expiry is moved', async (t) => {
    const clock = stopClock(t)
    let row = { ...expiring, leftMs: 5000 }
    const keyring = at(clock, async () => row)
    t.match(await keyring.find('lb_soon', '::1'), { id: 2 })
    row = { ...row, leftMs: 3_600_000 }
    clock.ms += 4000
    t.match(await keyring.find('lb_soon', '::1'), { id: 2 })
    clock.ms += 1000
    t.equal(await keyring.find('lb_soon', '::1'), undefined)
    row = { ...row, expiresAt: utcTime(Date.now() + 3_600_000) }
    clock.ms += 1001
    t.match(await keyring.find('lb_soon', '::1'), { id: 2 })
  })
})

t.test('Keyring and the tokens of nobody', async (t) => {
  const clock = stopClock(t)
  let asked = 0
  let isAway = false
  const store = {
    findOwner: async (hash: Buffer) => {
      asked++
      if (isAway) throw new Error('away')
      return hash.equals(digestOf('lb_hers')) || hash.equals(digestOf('lb_new')) ? { id: 1, userId: 2, userName: 'alice', admin: false, scopes: ['write'] as const, expiresAt: null, leftMs: Infinity } : undefined
    },
    markUsed: async () => {}
  }
  const keyring = new Keyring({ store, now: clock.now })
  t.match(await keyring.find('lb_hers', '10.0.0.1'), { name: 'alice' })

  await t.test('are looked up for a network a hundred times a minute, each of them counted once', async (t) => {
    for (let second = 0; second < 3; second++) {
      for (let n = 0; n < 40; n++) t.equal(await keyring.find(`lb_${n}`, '10.0.0.1'), undefined)
      clock.ms += 1001
    }
    asked = 0
    const answers = await Promise.allSettled(Array.from({ length: 500 }, (_, n) => keyring.find(`lb_other${n}`, '10.0.0.1')))
    t.ok(asked < 70, `${asked} are looked up`)
    t.ok(answers.filter(({ status }) => status === 'rejected').length > 400)
    await t.rejects(keyring.find('lb_new', '10.0.0.1'), tooMany)
    t.match(await keyring.find('lb_hers', '10.0.0.1'), { name: 'alice' }, 'a token that is known is asked for again')
    t.match(await keyring.find('lb_new', '10.0.0.2'), { name: 'alice' })
  })

  await t.test('push no good token out of what is known while the database is away', async (t) => {
    for (let n = 0; n < 10_001; n++) await keyring.find(`lb_x${n}`, `10.1.${n >> 8}.${n & 255}`)
    clock.ms += 1001
    isAway = true
    t.match(await keyring.find('lb_hers', '10.0.0.1'), { name: 'alice' })
  })
})

t.test('registerUser', async (t) => {
  type Row = { id: number, name: string, credential: string, telId: string | null, disabled: boolean, admin: boolean }

  function fakeStore (rows: Row[] = []): UserStore & { rows: Row[] } {
    return {
      rows,
      find: async (name) => rows.find((row) => row.name === name),
      insert: async (user) => {
        if (rows.some(({ name }) => name === user.name)) return false
        rows.push({ id: rows.length + 1, disabled: false, ...user })
        return true
      }
    }
  }
  const denis = { name: 'denis', password: 'password', telId: '1', by: { name: 'test' } }
  const token = contractToken('denis', 'password')

  await t.test('stores the name, the chat id and the token\'s hash, and gives the token', async (t) => {
    const store = fakeStore()
    t.strictSame(await registerUser(store, denis), { token, created: true })
    t.match(store.rows, [{ name: 'denis', telId: '1' }])
    t.ok(await verifyCredential(token, store.rows[0]!.credential))
    t.notMatch(JSON.stringify(store.rows), new RegExp(`${token}|password`))
  })

  await t.test('changes nothing when it is called again', async (t) => {
    const store = fakeStore()
    await registerUser(store, denis)
    const before = structuredClone(store.rows)
    t.strictSame(await registerUser(store, denis), { token, created: false })
    t.strictSame(store.rows, before)
  })

  await t.test('makes one user of the same call many times at once', async (t) => {
    const store = fakeStore()
    const made = await Promise.all(Array.from({ length: 5 }, () => registerUser(store, denis)))
    t.equal(made.filter(({ created }) => created).length, 1)
    t.ok(made.every((one) => one.token === token))
    t.equal(store.rows.length, 1)
  })

  await t.test('takes the other\'s user for its own, or for a conflict, when another was quicker', async (t) => {
    for (const [password, outcome] of [['password', 'same'], ['another', 'conflict']] as const) {
      const store = fakeStore()
      const { insert } = store
      store.insert = async (user, entry) => {
        await insert({ name: 'denis', credential: await hashCredential(contractToken('denis', password)), telId: '1', admin: false }, entry)
        return insert(user, entry)
      }
      if (outcome === 'same') t.strictSame(await registerUser(store, denis), { token, created: false })
      else await t.rejects(registerUser(store, denis), { code: 'LOGGER_CONFLICT' })
      t.equal(store.rows.length, 1)
    }
  })

  const conflicts: Record<string, [differences: Partial<typeof denis>, row: Partial<Row>, detail: string]> = {
    'another password': [{ password: 'another' }, {}, 'user exists with another password'],
    'another tel_id': [{ telId: '2' }, {}, 'user exists with another tel_id'],
    'the name of a user without tel_id': [{}, { telId: null }, 'user exists with another tel_id'],
    'the name of a disabled user': [{}, { disabled: true }, 'user is disabled'],
    'another password for a disabled user': [{ password: 'another' }, { disabled: true }, 'user exists with another password']
  }
  for (const [what, [differences, row, detail]] of Object.entries(conflicts)) {
    await t.test(`refuses ${what}, and changes nothing`, async (t) => {
      const store = fakeStore([{ id: 1, name: 'denis', credential: await hashCredential(token), telId: '1', disabled: false, admin: false, ...row }])
      const before = structuredClone(store.rows)
      await t.rejects(registerUser(store, { ...denis, ...differences }), { statusCode: 409, message: detail })
      t.strictSame(store.rows, before)
    })
  }
})
