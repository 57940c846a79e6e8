// A stored credential is one line of text, so that its costs can be raised for new users
// while old ones still verify:
//
//   scrypt$N=16384,r=8,p=1$<salt, base64>$<hash, base64>
//
// Its salt and hash are 16 and 32 random-looking bytes; N, r and p are scrypt's own (RFC 7914).
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { scrypt } from './scrypt.ts'

const cost = { N: 16384, r: 8, p: 1 }

/** Whoever has no address: the owner of the API key, and commands. */
const operator = 'operator'

/** The one form in which a contract token is stored. Takes about 40 ms off the event loop. */
export async function hashCredential (token: string): Promise<string> {
  const salt = randomBytes(16)
  const hash = await scrypt({ secret: token, salt, length: 32, cost }, operator)
  return `scrypt$N=${cost.N},r=${cost.r},p=${cost.p}$${salt.toString('base64')}$${hash.toString('base64')}`
}

const stored = /^scrypt\$N=(\d+),r=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/

/**
 * Whether the token is the one that was hashed. A credential of unknown form matches nothing.
 * It takes turns with other groups, and rejects with what `begin` throws when its turn has come, or with Overloaded.
 */
export async function verifyCredential (token: string, credential: string, group = operator, begin?: () => void): Promise<boolean> {
  const match = stored.exec(credential)
  if (!match) return false
  const [, N, r, p, salt, hash] = match
  const expected = Buffer.from(hash!, 'base64')
  const input = { secret: token, salt: Buffer.from(salt!, 'base64'), length: expected.length, cost: { N: Number(N), r: Number(r), p: Number(p) } }
  const actual = await scrypt(input, group, begin)
  return timingSafeEqual(actual, expected)
}

/** A credential that no token matches: verifying against it costs what a known user's costs. */
export const nobodysCredential = `scrypt$N=${cost.N},r=${cost.r},p=${cost.p}$${randomBytes(16).toString('base64')}$${randomBytes(32).toString('base64')}`
