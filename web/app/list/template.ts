// What messages have in common: the same sentence with other values.

/** Characters that are compared; more would tell no more. */
export const maxCharacters = 300

/** The first line of a message without what differs from log to log: numbers, ids, texts in quotes. */
export function templateOf (message: string): string {
  const [line = ''] = message.slice(0, maxCharacters).split('\n', 1)
  return line
    .replaceAll(/"[^"]*"|'[^']*'|`[^`]*`/g, '…')
    .replaceAll(/[\p{L}\p{M}\p{N}_.:@/-]+/gu, (word) => /\p{N}/u.test(word) ? '…' : word)
}
