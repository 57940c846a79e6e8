// Names of fields in a query that no log has: misspelt ones, and pasted texts with a colon that were taken for one.
import { tokensOf } from '../../../src/query/parser.ts'
import { clausesOf } from '../query/clauses.ts'
import { isValid } from '../query/parse.ts'
import { ownFields, queryNameOf, quote, quoteName } from '../query/quote.ts'

/** What a name that no log has could stand for, and the query that asks for it. */
export interface Correction {
  kind: 'rename' | 'asText'
  wrong: string
  right: string
  query: string
}

/** A name of a field in a query; those in quotes, or with escaped characters, are written with care. */
interface Name {
  name: string
  /** Written as `attributes.NAME`: no field of a log itself. */
  isAttribute: boolean
  start: number
  end: number
}

/** Names of the attributes that a query asks for, as far as they may be misspelt. */
export function namesIn (query: string): Name[] {
  return tokensOf(query)
    .filter(({ kind }) => kind === 'field')
    .map(({ start, end }) => {
      const [, prefix, name = ''] = /^(attributes\.)?(.*)$/s.exec(query.slice(start, end)) ?? []
      return { name, isAttribute: prefix !== undefined, start, end }
    })
    .filter(({ name, isAttribute }) => !/["\\]/.test(name) && (isAttribute || !ownFields.includes(name)))
}

/** What a query without logs could mean by its first name that no log has, given the names of attributes. */
export function correctionOf (query: string, known: readonly string[]): Correction | undefined {
  const name = namesIn(query).find(({ name }) => !known.includes(name))
  if (!name) return undefined
  const right = nearestTo(name.name, name.isAttribute ? known : [...ownFields, ...known])
  return right === undefined ? asText(query, name) : rename(query, name, right)
}

function rename (query: string, { name, isAttribute, start, end }: Name, right: string): Correction {
  const written = quoteName(isAttribute ? queryNameOf(right) : right)
  return { kind: 'rename', wrong: name, right, query: query.slice(0, start) + written + query.slice(end) }
}

/** The whole clause as words of the message: `db.example.com:5432`. */
function asText (query: string, { name, start }: Name): Correction | undefined {
  const clause = clausesOf(query)?.find((clause) => clause.start === start)
  if (!clause) return undefined
  const right = query.slice(clause.start, clause.end)
  const corrected = query.slice(0, clause.start) + quote(right) + query.slice(clause.end)
  // A colon after it makes it the name of a field again.
  return isValid(corrected) ? { kind: 'asText', wrong: name, right, query: corrected } : undefined
}

/** The known name that is written nearly the same; undefined: none is. */
function nearestTo (name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name)
  const maxDistance = Math.min(2, Math.floor(wanted.length / 3))
  const nearest = known
    .map((other) => ({ other, distance: distanceOf(wanted, plain(other)) }))
    .reduce((one, next) => next.distance < one.distance ? next : one, { other: '', distance: Infinity })
  return nearest.distance <= maxDistance ? nearest.other : undefined
}

/** A name without what is easily mistaken: case, and the signs between its parts. */
function plain (name: string): string {
  return name.toLowerCase().replaceAll(/[._-]/g, '')
}

/** The number of letters to add, drop or change that makes one text of another (Levenshtein). */
export function distanceOf (one: string, other: string): number {
  let before = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [row, letter] of [...one].entries()) {
    const distances = [row + 1]
    for (const [column, against] of [...other].entries()) {
      const changed = (before[column] ?? 0) + (letter === against ? 0 : 1)
      distances.push(Math.min(changed, (before[column + 1] ?? 0) + 1, (distances[column] ?? 0) + 1))
    }
    before = distances
  }
  return before.at(-1) ?? 0
}
