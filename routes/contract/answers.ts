import { Type } from '@sinclair/typebox'
import { answerOf } from '../../src/http/answers.ts'

/** The contract gives this one text for both of its endpoints. */
export const done = { code: 200, message: 'Logs added successfully' }

const meanings: Record<number, string> = {
  400: 'A rule is broken; X-Error-Detail names the field and the rule',
  403: 'The token or key is well formed, but not the right one',
  409: 'The user exists with another password',
  413: 'The body is over the limit',
  429: 'Too many failed attempts, or more logs than the user may send; Retry-After says when to come back',
  500: 'Nothing was stored',
  503: 'Overloaded, or the database is away and the spool is full; nothing was stored, Retry-After says when to come back'
}

/** What an endpoint answers, for its description. */
export function answers (...refusals: number[]) {
  return Object.fromEntries([
    [200, shape('Done', done)],
    ...refusals.map((status) => [status, shape(meanings[status]!, answerOf(status))])
  ])
}

function shape (description: string, example: { code: number, message: string }) {
  return Type.Object({ code: Type.Integer(), message: Type.String() }, { description, examples: [example] })
}
