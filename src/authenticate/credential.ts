// A stored credential is one line of text, so that its costs can be raised for new users
// while old ones still verify:
//
//   scrypt$N=16384,r=8,p=1$<salt, base64>$<hash, base64>
//
// Its salt and hash are 16 and 32 random-looking bytes; N, r and p are scrypt's own (RFC 7914).
import { randomBytes, scrypt as scryptCallback, timingSafeEqual, type ScryptOptions } from 'node:crypto'
import { promisify } from 'node:util'

const scrypt = promisify<string, Buffer, number, ScryptOptions, Buffer>(scryptCallback)

const cost = { N: 16384, r: 8, p: 1 }

/** The one form in which a contract token is stored. Takes about 40 ms off the event loop. */
export async function hashCredential (token: string): Promise<string> {
  const salt = randomBytes(16)
  const hash = await scrypt(token, salt, 32, cost)
  return `scrypt$N=${cost.N},r=${cost.r},p=${cost.p}$${salt.toString('base64')}$${hash.toString('base64')}`
}

const stored = /^scrypt\$N=(\d+),r=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/

/** Whether the token is the one that was hashed. A credential of unknown form matches nothing. */
export async function verifyCredential (token: string, credential: string): Promise<boolean> {
  const match = stored.exec(credential)
  if (!match) return false
  const [, N, r, p, salt, hash] = match
  const expected = Buffer.from(hash!, 'base64')
  const actual = await scrypt(token, Buffer.from(salt!, 'base64'), expected.length, { N: Number(N), r: Number(r), p: Number(p) })
  return timingSafeEqual(actual, expected)
}

/** A credential that no token matches: verifying against it costs what a known user's costs. */
export const nobodysCredential = `scrypt$N=${cost.N},r=${cost.r},p=${cost.p}$${randomBytes(16).toString('base64')}$${randomBytes(32).toString('base64')}`
