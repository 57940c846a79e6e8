// What a click on a value does to the query.
import type { Filter } from '../../../src/query/filter.ts'
import { tokensOf } from '../../../src/query/parser.ts'
import { clausesOf, type Choice, type Clause, type Value } from './clauses.ts'
import { parse } from './parse.ts'
import { quote, quoteName } from './quote.ts'

/**
 * `only`: this value of the field; `also`: this value beside those already chosen; `out`: anything but this value;
 * `any`: neither asked for nor excluded.
 */
export type Refinement = 'only' | 'also' | 'out' | 'any'

/**
 * Changes a valid query so that it asks for a value of a field, or for anything else. Only the clauses about this field
 * change; the others stay as they were written.
 */
export function refine (query: string, field: string, value: string, how: Refinement): string {
  const written = query.trim()
  const name = quoteName(field)
  const wanted = `${name}:${quote(value)}`
  const clauses = clausesOf(written)
  if (!clauses && how === 'any') return query
  // Alternatives become one clause, beside which another one can stand.
  if (!clauses) return `(${written}) ${how === 'out' ? '-' : ''}${wanted}`
  const choice = clausesOf(wanted)?.[0]?.choice
  const { changed, added } = changes[how](partsOf(written, clauses, choice), { name, wanted })
  // What is added takes the place of what it replaces.
  const place = changed.indexOf(undefined)
  const texts = place < 0 ? [...changed, added] : changed.with(place, added)
  const refined = join(written, clauses, texts)
  const safe = withPlainSlashes(written)
  return safe === written || isMadeOf(refined, texts) ? refined : refine(safe, field, value, how)
}

/** A clause, and what it says about the wanted value where it is about its field. */
interface Part {
  text: string
  about?: { isNegated: boolean, hasWanted: boolean, others: readonly Value[] }
}

interface Wanted {
  /** The field as a query writes it. */
  name: string
  /** The condition on field and value. */
  wanted: string
}

interface Change {
  /** A text for each clause; undefined: dropped. */
  changed: Array<string | undefined>
  /** A further clause. */
  added: string | undefined
}

const changes: Record<Refinement, (parts: readonly Part[], wanted: Wanted) => Change> = {
  only: (parts, { wanted }) => ({
    changed: parts.map(({ text, about }) => about ? undefined : text),
    added: wanted
  }),

  also (parts, { name, wanted }) {
    const excludes = parts.some(({ about }) => about?.isNegated === true && about.hasWanted)
    const chosen = parts.flatMap(({ about }) => about?.isNegated === false ? [about] : [])
    if (chosen.some(({ hasWanted }) => hasWanted) && chosen.length === 1 && !excludes) {
      return { changed: parts.map(({ text }) => text), added: undefined }
    }
    const values = chosen.flatMap(({ others }) => others.map(({ text }) => text))
    const value = wanted.slice(name.length + 1)
    return {
      changed: parts.map((part) => part.about?.isNegated === false ? undefined : without(part, name)),
      added: chosen.length > 0 ? print(name, [...values, value]) : excludes ? undefined : wanted
    }
  },

  out (parts, { name, wanted }) {
    // Another value that is asked for is out of its reach: it excludes this one.
    const isOut = parts.some(({ about }) => about && (about.isNegated ? about.hasWanted : about.others.length > 0))
    return {
      changed: parts.map((part) => part.about?.isNegated === false ? without(part, name) : part.text),
      added: isOut ? undefined : `-${wanted}`
    }
  },

  any: (parts, { name }) => ({ changed: parts.map((part) => without(part, name)), added: undefined })
}

function partsOf (query: string, clauses: readonly Clause[], wanted: Choice | undefined): Part[] {
  const keys = wanted?.values.map(({ key }) => key) ?? []
  return clauses.map(({ start, end, isNegated, choice }) => {
    const text = query.slice(start, end)
    if (!choice || choice.field !== wanted?.field) return { text }
    const others = choice.values.filter(({ key }) => !keys.includes(key))
    return { text, about: { isNegated, hasWanted: others.length < choice.values.length, others } }
  })
}

/** A clause without the wanted value; undefined where it is about nothing else. */
function without ({ text, about }: Part, name: string): string | undefined {
  if (!about?.hasWanted) return text
  if (about.others.length === 0) return undefined
  return `${about.isNegated ? '-' : ''}${print(name, about.others.map((value) => value.text))}`
}

function print (name: string, values: readonly string[]): string {
  return `${name}:${values.length > 1 ? `(${values.join(' OR ')})` : values.join()}`
}

/** The query with other texts of its clauses, and what stood between them; a further text is the last clause. */
function join (query: string, clauses: readonly Clause[], texts: ReadonlyArray<string | undefined>): string {
  let joined = ''
  for (const [index, text] of texts.entries()) {
    if (text === undefined) continue
    const between = query.slice(clauses[index - 1]?.end ?? 0, clauses[index]?.start)
    joined += joined === '' ? text : `${between === '' ? ' ' : between}${text}`
  }
  return joined
}

/** Whether a query means all of these clauses: put together, they could be read in another way. */
function isMadeOf (query: string, texts: ReadonlyArray<string | undefined>): boolean {
  const of = texts.filter((text) => text !== undefined).map(filterOf)
  return JSON.stringify(filterOf(query)) === JSON.stringify(of.length === 1 ? of[0] : { kind: 'all', of })
}

function filterOf (query: string): Filter | undefined {
  const parsed = parse(query)
  return 'filter' in parsed ? parsed.filter : undefined
}

/** The query with a backslash before words that begin with a slash: so none begins a regular expression. */
function withPlainSlashes (query: string): string {
  return tokensOf(query)
    .filter(({ start, kind }) => kind !== 'regex' && query[start] === '/')
    .reduceRight((text, { start }) => `${text.slice(0, start)}\\${text.slice(start)}`, query)
}
