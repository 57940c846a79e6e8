// Half of a surrogate pair is no character: clients that cut texts send them daily. JSON in MariaDB and MySQL refuses them, UTF-8
// can't write them. In what is stored U+FFFD takes the place of each, in every text and name.

/** The value with well-formed texts and names. Names that would then be the same are numbered: `a\ufffd`, `a\ufffd_2`. */
export function wellFormed<T> (value: T): T
export function wellFormed (value: unknown): unknown {
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
  // By definition, not by assignment: a name may be `__proto__`.
  return Object.fromEntries(entries)
}

/** How JSON.stringify writes half of a pair, where it is not a text that looks like it. */
const escapedHalf = '\\ud'

/** Like JSON.stringify, of well-formed texts and names. */
export function toWellFormedJson (value: unknown): string {
  const json = JSON.stringify(value)
  return json.includes(escapedHalf) ? JSON.stringify(wellFormed(value)) : json
}
