// What a query says about the values of a field, and what a click on one of them does.
import { clausesOf } from '../query/clauses.ts'
import { parse } from '../query/parse.ts'
import { quote, quoteName } from '../query/quote.ts'
import type { Refinement } from '../query/refine.ts'

/** Whether a query asks for a value, excludes it, or neither. */
export type Standing = 'in' | 'out' | undefined

/** The values of a field that a valid query asks for or excludes. */
export function namedIn (query: string, field: string): string[] {
  const standing = standingIn(query, field)
  return (clausesOf(query) ?? []).flatMap(({ choice }) => choice?.values ?? [])
    .map(({ text }) => text.startsWith('"') ? text.slice(1, -1).replaceAll(/\\(["\\/])/g, '$1') : text)
    .filter((value) => standing(value) !== undefined)
}

/** Tells how a valid query stands to the values of a field. */
export function standingIn (query: string, field: string): (value: string) => Standing {
  const choices = (clausesOf(query) ?? []).flatMap(({ isNegated, choice }) => choice ? [{ isNegated, ...choice }] : [])
  if (choices.length === 0) return () => undefined
  return (value) => {
    const wanted = clausesOf(`${quoteName(field)}:${quote(value)}`)?.[0]?.choice
    const key = wanted?.values[0]?.key
    const found = choices.find((choice) => (
      choice.field === wanted?.field && choice.values.some((other) => other.key === key)
    ))
    return found && (found.isNegated ? 'out' : 'in')
  }
}

type Modifiers = Pick<MouseEvent, 'ctrlKey' | 'metaKey' | 'altKey'>

/** What a click means: this value alone, with Ctrl this one too, with Alt all others. A second click takes it back. */
export function refinementOf (event: Modifiers, standing: Standing): Refinement {
  const how = event.altKey ? 'out' : event.ctrlKey || event.metaKey ? 'also' : 'only'
  return standing === (how === 'out' ? 'out' : 'in') ? 'any' : how
}

export interface Bounds {
  /** Numbers as typed; empty: no bound. */
  min: string
  max: string
}

/** The bounds that a valid query sets for the numbers of a field. */
export function boundsOf (query: string, field: string): Bounds {
  const texts = (clausesOf(query) ?? []).map(({ start, end }) => query.slice(start, end))
  const find = (sign: string) => texts.find((text) => text.startsWith(`${quoteName(field)}:${sign}`))
  return {
    min: find('>=')?.slice(quoteName(field).length + 3) ?? '',
    max: find('<=')?.slice(quoteName(field).length + 3) ?? ''
  }
}

/** A valid query with other bounds for the numbers of a field. */
export function bound (query: string, field: string, bounds: Bounds): string {
  const name = quoteName(field)
  const clauses = clausesOf(query)
  const others = clauses
    ? clauses.map(({ start, end }) => query.slice(start, end))
      .filter((text) => !text.startsWith(`${name}:>=`) && !text.startsWith(`${name}:<=`))
    : [`(${query.trim()})`]
  const wanted = [['>=', bounds.min], ['<=', bounds.max]].filter(([, number]) => number !== '')
  return [...others, ...wanted.map(([sign, number]) => `${name}:${sign}${number}`)].join(' ')
}

/** The query of the address, where it is valid, else the one before. */
export function validOf (query: string, before: string): string {
  return 'filter' in parse(query) ? query : before
}
