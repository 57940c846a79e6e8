import { createHash, hash, timingSafeEqual } from 'node:crypto'

/** The contract's token: the md5 hex digest of user + password in UTF-8, without a separator. */
export function contractToken (user: string, password: string): string {
  return createHash('md5').update(user + password, 'utf8').digest('hex')
}

/** SHA-256 of a secret, 32 bytes: stored or compared in place of the secret. */
export function digestOf (secret: string): Buffer {
  return hash('sha256', secret, 'buffer')
}

/** Compares two secrets of any length in constant time. */
export function isSameSecret (one: string, other: string): boolean {
  return timingSafeEqual(digestOf(one), digestOf(other))
}
