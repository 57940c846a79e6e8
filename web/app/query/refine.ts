// What a click on a value does to the query.
import { clausesOf, quote, type Clause } from './clauses.ts'

/** `only`: this value of the field; `also`: this value beside those already chosen; `out`: anything but this value. */
export type Refinement = 'only' | 'also' | 'out'

/** Fields of a log; an attribute of such a name is asked for by `attributes.NAME`. */
const ownFields = ['level', 'process', 'description', 'pid', 'user', 'message']

/** Changes a valid query so that it asks for a value of a field, or for anything else. */
export function refine (query: string, field: string, value: string, how: Refinement): string {
  const name = quote(field)
  const text = quote(value)
  const written = query.trim()
  const clauses = clausesOf(written)
  // Alternatives become one clause, beside which another one can stand.
  if (!clauses) return `(${written}) ${how === 'out' ? '-' : ''}${name}:${text}`

  const isAbout = (clause: Clause) => clause.field === field && clause.values.length > 0
  const has = ({ values }: Clause) => values.some((other) => isSame(other, text))
  const chosen = clauses.filter((clause) => isAbout(clause) && !clause.isNegated)
  const values = how === 'also' ? chosen.flatMap(({ values }) => values).filter((other) => !isSame(other, text)) : []
  const dropped = new Set(how === 'out'
    ? clauses.filter((clause) => isAbout(clause) && has(clause))
    : clauses.filter((clause) => isAbout(clause) && (!clause.isNegated || has(clause))))
  const others = clauses.filter((clause) => !dropped.has(clause)).map(({ start, end }) => written.slice(start, end))
  const alternatives = [...values, text]
  const condition = alternatives.length > 1 ? `${name}:(${alternatives.join(' OR ')})` : `${name}:${text}`
  return [...others, how === 'out' ? `-${condition}` : condition].join(' ')
}

/** The name by which a query asks for an attribute. */
export function queryNameOf (attribute: string): string {
  return ownFields.includes(attribute) ? `attributes.${attribute}` : attribute
}

/** Whether two values as written mean the same: case never matters. */
function isSame (one: string, other: string): boolean {
  const plain = (text: string) => text.replaceAll(/^"|"$|\\(?=.)/gs, '').toLowerCase()
  return plain(one) === plain(other)
}
