/** A name by the published contract: one word of 1 to 100 characters. A regular expression with the flag u. */
export const wordPattern = '^[^\\s\\p{Cc}\\p{Cs}]{1,100}$'

const wordExpression = new RegExp(wordPattern, 'u')

/** Whether the text is a name by the contract. */
export function isWord (text: string): boolean {
  return wordExpression.test(text)
}

/**
 * The same without invisible characters and those that change the direction of writing.
 *
 * Joiners are part of words in some languages, and of emoji: they are allowed within those.
 */
const newNameExpression = /^(?:[^\s\p{Cc}\p{Cf}\p{Cs}]|(?<=[^\p{ASCII}\p{Cf}])[\u200c\u200d](?!$)){1,100}$/u

/** Whether the text is allowed as the name of a new user. */
export function isNewName (text: string): boolean {
  return newNameExpression.test(text)
}

/** A title that a user gives to something, as a regular expression with the flag u, and the rule in words. */
export const titlePattern = '^[^\\p{Cc}\\p{Cf}\\p{Cs}\\u2028\\u2029]{1,100}$'
export const titleRule = 'a text of 1 to 100 characters, without control and format characters'
