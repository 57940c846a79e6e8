/** Whether a name has all words that were typed, or their beginnings, in any case. */
export function isMatch (name: string, typed: string): boolean {
  const folded = name.toLowerCase()
  return typed.toLowerCase().split(/\s+/).every((word) => folded.includes(word))
}
