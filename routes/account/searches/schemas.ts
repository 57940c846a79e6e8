import { Type, type Static } from '@sinclair/typebox'
import { isoTime } from '../../../src/query/api-log.ts'
import { instantRule } from '../../../src/query/instant.ts'
import { maxSharedSearches, type SavedSearch } from '../../../src/store/searches.ts'
import { quoteEtag } from './conditions.ts'

/** As the title of a token; without spaces at its ends, and no segment of a path that clients resolve. */
const namePattern = '^(?!\\s|\\.{1,2}$)[^\\p{Cc}\\p{Cf}\\p{Cs}\\u2028\\u2029]{1,100}(?<!\\s)$'
const nameRule = 'a text of 1 to 100 characters, without control and format characters, that neither begins nor ends ' +
  'with a space and is not . or ..'

const orNull = (rule: string) => Type.Optional(Type.Union([Type.String({ maxLength: 200 }), Type.Null()], {
  description: `${rule}, or null (the default)`
}))

/** The body of a search. Each field that is missing has its default. */
export const Body = Type.Object({
  query: Type.Optional(Type.String({
    description: 'a query (docs/querying.md); the default is the empty one', examples: ['level:>=warning payment']
  })),
  from: orNull(instantRule),
  to: orNull(instantRule),
  order: Type.Optional(Type.Union([Type.Literal('newest'), Type.Literal('oldest')], {
    description: 'newest (the default) or oldest'
  })),
  columns: Type.Optional(Type.Array(Type.String({ maxLength: 200 }), {
    maxItems: 50,
    description: 'a list of up to 50 names of columns for pages, each of 200 characters at most',
    examples: [['at', 'level', 'message', 'order.id']]
  })),
  by: orNull('a field of 200 characters at most, by which pages count over time'),
  group: orNull('how pages group the logs, in 200 characters at most'),
  shared: Type.Optional(Type.Boolean({
    description: 'true or false (the default): whether all users of the server may read the search'
  })),
  position: Type.Optional(Type.Integer({
    minimum: 0, maximum: 1_000_000, description: 'a whole number from 0 (the default) to 1000000, by which it is sorted'
  }))
}, { additionalProperties: false, description: 'an object' })

/** A search as the API gives it. */
export const Search = Type.Composite([Type.Required(Body), Type.Object({
  name: Type.String({ examples: ['failed payments'] }),
  owner: Type.String({ description: 'name of the user who saved it' }),
  updated: Type.String({ examples: ['2026-11-27T09:30:00.000000Z'] }),
  etag: Type.String({ description: 'its version, for If-Match', examples: ['"kR5cJ1vBv0a8wX2f7QpZtA"'] })
})])

export const List = Type.Object({
  searches: Type.Array(Search, { description: 'your own by position and name, then those that others share' }),
  complete: Type.Boolean({ description: `false: others share more than ${maxSharedSearches}; the rest is left out` })
})

export const Named = Type.Object({
  name: Type.String({ pattern: namePattern, description: nameRule, examples: ['failed payments'] })
})

export function presentSearch ({ updatedAt, etag, ...search }: SavedSearch): Static<typeof Search> {
  return { ...search, updated: isoTime(updatedAt), etag: quoteEtag(etag) }
}
