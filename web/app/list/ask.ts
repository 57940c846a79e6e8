import { isValid } from '../query/parse.ts'
import { refine, type Refinement } from '../query/refine.ts'
import { navigate, view } from '../view/location.ts'

/** Changes the query so that it asks for a value of a field, or for anything else. */
export function ask (field: string, value: string, how: Refinement): void {
  const { query } = view.value
  if (isValid(query)) navigate({ query: refine(query, field, value, how), opened: '', around: '' })
}
