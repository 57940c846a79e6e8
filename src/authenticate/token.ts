import { createHash, hash, timingSafeEqual } from 'node:crypto'

/** The contract's token: the md5 hex digest of user + password in UTF-8, nothing between them. */
export function contractToken (user: string, password: string): string {
  return createHash('md5').update(user + password, 'utf8').digest('hex')
}

/** What is remembered of a secret, or compared in its stead: always 32 bytes. */
export function digestOf (secret: string): Buffer {
  return hash('sha256', secret, 'buffer')
}

/** Compares two secrets of any length in a time that tells nothing of either. */
export function sameSecret (one: string, other: string): boolean {
  return timingSafeEqual(digestOf(one), digestOf(other))
}
