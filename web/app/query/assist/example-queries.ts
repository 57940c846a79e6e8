// Examples of queries, made of names and values that the user's logs have.
import { queryNameOf, quote, quoteName } from '../quote.ts'
import type { FieldInfo } from './sources.ts'

export type GroupName = 'words' | 'levels' | 'fields' | 'numbers' | 'together'

export interface ExampleGroup {
  name: GroupName
  queries: readonly string[]
}

/** Names and values that stand in for those that are not known. */
const attribute = { name: 'order.id', example: 'A-1042' }
const measure = { name: 'http.status', example: '500' }

/** Longer ones are no examples: they are data. */
const maxLength = 40

export function exampleQueries (fields: readonly FieldInfo[], processes: readonly string[]): ExampleGroup[] {
  const short = fields.filter(({ name, example }) => name.length + example.length <= maxLength && example !== '')
  const text = short.find(({ types }) => types.includes('text')) ?? attribute
  const number = short.find(({ types, example }) => types.includes('number') && /^\d+$/.test(example)) ?? measure
  const textName = quoteName(queryNameOf(text.name))
  const least = number.example
  const numberName = quoteName(queryNameOf(number.name))
  const [process = 'billing', other = 'api'] = processes.filter((name) => name.length <= maxLength).map(quote)
  return [
    { name: 'words', queries: ['timeout', 'time*', '"connection refused"', '/time(d)?[ -]out/', '10.0.0.1:8080'] },
    { name: 'levels', queries: ['level:error', 'level:>=warning'] },
    {
      name: 'fields',
      queries: [
        `process:${process}`, `process:(${process} OR ${other})`, `${textName}:${quote(text.example)}`, `${textName}:*`
      ]
    },
    {
      name: 'numbers',
      queries: [`${numberName}:>=${least}`, `${numberName}:[${least} TO ${Number(least) * 2}]`]
    },
    {
      name: 'together',
      queries: [
        `level:>=error -process:${process}`, 'timeout OR refused', `NOT (timeout OR process:${other}) level:error`
      ]
    }
  ]
}
