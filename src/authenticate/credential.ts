// A stored credential is one line of text, so that its costs can be raised for new users
// while old ones still verify:
//
//   scrypt$N=16384,r=8,p=1$<salt, base64>$<hash, base64>
//
// Its salt and hash are 16 and 32 random-looking bytes; N, r and p are scrypt's own (RFC 7914).
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { scrypt } from './scrypt.ts'

const cost = { N: 16384, r: 8, p: 1 }

/** Group of callers without an address: the owner of the API key, and commands. */
const operator = 'operator'

/** Hashes a contract token into the form that is stored. Takes about 40 ms, off the event loop. */
export async function hashCredential (token: string): Promise<string> {
  const salt = randomBytes(16)
  return lineOf(salt, await scrypt({ secret: token, salt, length: 32, cost }, operator))
}

const stored = /^scrypt\$N=(?<N>\d+),r=(?<r>\d+),p=(?<p>\d+)\$(?<salt>[^$]+)\$(?<hash>[^$]+)$/

/**
 * Whether the token is the one that was hashed. A credential of unknown form matches nothing.
 * Groups take turns; rejects with whatever `begin` throws when the turn has come, or with Overloaded.
 */
export async function verifyCredential (
  token: string, credential: string, group = operator, begin?: () => void
): Promise<boolean> {
  const { N, r, p, salt, hash } = stored.exec(credential)?.groups ?? {}
  if (salt === undefined || hash === undefined) return false
  const expected = Buffer.from(hash, 'base64')
  const actual = await scrypt({
    secret: token,
    salt: Buffer.from(salt, 'base64'),
    length: expected.length,
    cost: { N: Number(N), r: Number(r), p: Number(p) }
  }, group, begin)
  return timingSafeEqual(actual, expected)
}

/** A credential that no token matches: verifying against it costs as much as against a known user's. */
export const nobodysCredential = lineOf(randomBytes(16), randomBytes(32))

function lineOf (salt: Buffer, hash: Buffer): string {
  const { N, r, p } = cost
  return `scrypt$N=${N},r=${r},p=${p}$${salt.toString('base64')}$${hash.toString('base64')}`
}
