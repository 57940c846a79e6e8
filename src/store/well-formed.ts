// Half of a surrogate pair is not a character; clients that cut texts send such halves daily. JSON in MariaDB and MySQL
// refuses them, and UTF-8 cannot represent them. So each is stored as U+FFFD, in every text and name.

/**
 * The value with well-formed texts and names.
 * Names that would become equal are numbered: `a\ufffd`, `a\ufffd_2`.
 */
function wellFormed<T> (value: T): T
function wellFormed (value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(wellFormed)
  if (typeof value !== 'object' || value === null) return value
  const entries = new Map<string, unknown>()
  const broken: Array<[name: string, inner: unknown]> = []
  for (const [name, inner] of Object.entries(value)) {
    if (name.isWellFormed()) entries.set(name, wellFormed(inner))
    else broken.push([name.toWellFormed(), wellFormed(inner)])
  }
  const counts = new Map<string, number>()
  for (const [name, inner] of broken) {
    let free = name
    for (let count = counts.get(name) ?? 1; entries.has(free);) {
      free = `${name}_${++count}`
      counts.set(name, count)
    }
    entries.set(free, inner)
  }
  // Not by assignment, because a name may be `__proto__`.
  return Object.fromEntries(entries)
}

/** The start of JSON.stringify's escape for half of a pair; a text may contain it, too. */
const escapedHalf = '\\ud'

/** Like JSON.stringify, with well-formed texts and names. */
export function toWellFormedJson (value: unknown): string {
  const json = JSON.stringify(value)
  return json.includes(escapedHalf) ? JSON.stringify(wellFormed(value)) : json
}
