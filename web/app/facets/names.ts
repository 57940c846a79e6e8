// Names of attributes: those that loaded rows have cost nothing, the others come from a sample of the server.
import { inTurn } from '../api/turns.ts'
import { nameOf, nodesOf } from '../detail/nodes.ts'
import { findFields } from '../query/assist/sources.ts'
import { queryNameOf } from '../query/quote.ts'
import type { Search } from '../rows/search.ts'

const maxRows = 200
/** Characters of a name that the API counts by. */
const maxLength = 200

/** Names of attributes with a plain value that loaded rows have, the most frequent first. */
export function namesIn (search: Search): string[] {
  const counts = new Map<string, number>()
  let rows = 0
  for (const { attributes } of search.segments.rows()) {
    if (++rows > maxRows) break
    for (const node of nodesOf(attributes ?? {})) {
      const name = nameOf(node)
      if (name !== undefined && name !== '' && node.value !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  }
  return [...counts].sort(([, one], [, other]) => other - one).map(([name]) => name).filter(isCountable)
}

/** Names of a sample of all logs in the time range, the most frequent first; none where they cannot be had. */
export async function namesInSample (signal: AbortSignal): Promise<string[]> {
  try {
    return (await inTurn(signal, () => findFields(signal))).map(({ name }) => name).filter(isCountable)
  } catch {
    // Those of the rows are enough.
    return []
  }
}

/** Whether the API counts by an attribute: one with the name of a field is hidden by the field. */
function isCountable (name: string): boolean {
  return name.length <= maxLength && queryNameOf(name) === name
}
