import { Type } from '@sinclair/typebox'
import { answerOf } from '../../src/http/answers.ts'

/** The contract's answer to a success, the same for both endpoints. */
export const done = { code: 200, message: 'Logs added successfully' }

const meanings = {
  400: 'A rule is broken; X-Error-Detail names the field and the rule',
  403: 'The token or key is well formed, but not the right one',
  409: 'The user exists with another password',
  413: 'The body is over the limit',
  429: 'Too many failed attempts, or more logs than the user may send; Retry-After says when to retry',
  500: 'Nothing was stored',
  503: 'Overloaded, or neither database nor spool takes logs; nothing was stored, Retry-After says when to retry'
}

/** Describes the answers of an endpoint: 200, and these refusals. */
export function answers (...refusals: Array<keyof typeof meanings>) {
  return Object.fromEntries([
    [200, shape('Done', done)],
    ...refusals.map((status) => [status, shape(meanings[status], answerOf(status))])
  ])
}

function shape (description: string, example: { code: number, message: string }) {
  return Type.Object({ code: Type.Integer(), message: Type.String() }, { description, examples: [example] })
}
