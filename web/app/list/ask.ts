// What a click on a value or a text does to the query of the address.
import { clausesOf } from '../query/clauses.ts'
import { isValid } from '../query/parse.ts'
import { quoteName } from '../query/quote.ts'
import { refine, type Refinement } from '../query/refine.ts'
import { navigate, view } from '../view/location.ts'

/** Asks for a value of a field, or for anything else. */
export function ask (field: string, value: string, how: Refinement): void {
  const { query } = view.value
  if (isValid(query)) show(refine(query, field, value, how))
}

/** Asks for numbers of a field from a value on. */
export function askAtLeast (field: string, value: string): void {
  addClause(`${quoteName(field)}:>=${value}`)
}

/** Asks for a text in the message, or for messages without it. */
export function askText (text: string, isOut: boolean): void {
  addClause(`${isOut ? '-' : ''}"${text.replaceAll(/["\\]/g, '\\$&')}"`)
}

function addClause (clause: string): void {
  const query = view.value.query.trim()
  if (!isValid(query)) return
  show([clausesOf(query) ? query : `(${query})`, clause].filter((text) => text !== '').join(' '))
}

function show (query: string): void {
  navigate({ query, opened: '', around: '' })
}
