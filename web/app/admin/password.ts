/** Letters and digits that nobody confuses with others. */
const characters = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
/** 57 characters, 20 times: 116 bits. */
const length = 20

/** A random password. */
export function makePassword (): string {
  return Array.from({ length }, randomCharacter).join('')
}

function randomCharacter (): string {
  // A byte beyond the last whole multiple would make some characters more likely.
  const limit = 256 - 256 % characters.length
  for (;;) {
    const [byte = limit] = crypto.getRandomValues(new Uint8Array(1))
    if (byte < limit) return characters.charAt(byte % characters.length)
  }
}
