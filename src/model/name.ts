/** One word of 1 to 100 characters, as a regular expression with the flag u: what the published contract takes for a name. */
export const wordPattern = '^[^\\s\\p{Cc}\\p{Cs}]{1,100}$'

const wordExpression = new RegExp(wordPattern, 'u')

/** Whether the text can be somebody's name. */
export function isWord (text: string): boolean {
  return wordExpression.test(text)
}

/**
 * The same without what is not seen or turns the direction of writing: what a new user's name may be. Joiners belong to words of some languages,
 * and to emoji: within those they may stand.
 */
const newNameExpression = /^(?:[^\s\p{Cc}\p{Cf}\p{Cs}]|(?<=[^\p{ASCII}\p{Cf}])[\u200c\u200d](?!$)){1,100}$/u

export function isNewName (text: string): boolean {
  return newNameExpression.test(text)
}

/** What somebody calls a thing of theirs, as a regular expression with the flag u, and the rule in words. */
export const titlePattern = '^[^\\p{Cc}\\p{Cf}\\p{Cs}\\u2028\\u2029]{1,100}$'
export const titleRule = 'a text of 1 to 100 characters, without control and format characters'
