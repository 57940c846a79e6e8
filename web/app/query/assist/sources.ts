// Where suggestions come from: the API, for the time range and the user of the view.
import { request } from '../../api/client.ts'
import { view } from '../../view/location.ts'

export interface FieldInfo {
  name: string
  types: readonly string[]
  count: number
  example: string
}

export interface Values {
  values: ReadonlyArray<{ value: string, count: number }>
  complete: boolean
}

export interface SavedQuery {
  name: string
  owner: string
  query: string
}

/** Milliseconds after which an answer is asked for again. */
const freshMs = 60_000

/** The attributes of logs in the view's time range, the most frequent first. */
export const findFields = remembering(async (signal) => {
  const { fields } = await request<{ fields: readonly FieldInfo[] }>('api/logs/fields', { params: scope(), signal })
  return fields
})

export const findSaved = remembering(async (signal) => {
  const { searches } = await request<{ searches: readonly SavedQuery[] }>('api/searches', { signal })
  return searches
})

export interface ValuesQuery {
  query: string
  field: string
  prefix: string
  limit: number
}

/** The most frequent values of a field that begin with a text. */
export function findValues (params: ValuesQuery, signal: AbortSignal): Promise<Values> {
  return request('api/logs/values', { params: { ...scope(), ...params }, signal })
}

function scope (): Record<string, string> {
  const { from, to, user, asOf } = view.peek()
  return { from, to, user, asOf }
}

/** Asks again only for another scope, or after a while. */
function remembering<Answer> (ask: (signal: AbortSignal) => Promise<Answer>): (signal: AbortSignal) => Promise<Answer> {
  let last: { key: string, at: number, answer: Answer } | undefined
  return async (signal) => {
    const key = JSON.stringify(scope())
    if (last?.key === key && performance.now() - last.at < freshMs) return last.answer
    const answer = await ask(signal)
    last = { key, at: performance.now(), answer }
    return answer
  }
}
