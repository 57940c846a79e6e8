// Texts as literals of SQL that people paste.

/**
 * Whether a text between quotes means itself, in every sql_mode and in every client.
 *
 * A backslash is an escape in some modes only. Clients act on control characters; the others are invisible.
 */
export function isSafeInQuotes (text: string): boolean {
  return !/[\\\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(text)
}

/** A text between single quotes, with its own quotes doubled: the only form that all modes read alike. */
export function inQuotes (text: string): string {
  return `'${text.replaceAll('\'', '\'\'')}'`
}

/** The bytes of a text as a literal. */
export function hexDigits (text: string): string {
  return `X'${Buffer.from(text).toString('hex')}'`
}
