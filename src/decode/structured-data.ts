import { BadRequest } from '../errors.ts'
import { maxValues } from './growth.ts'

/** Of each element, by its SD-ID, the parameters; one that is given more than once is a list. */
export type StructuredData = Record<string, Record<string, string | string[]>>

const elementStart = /\[([^\s="\]]+)/y
const parameterStart = / +([^\s="\]]+)="/y

/**
 * Reads the structured data that begins at `start` (RFC 5424, section 6.3), and says where it ends.
 * Undefined where there is none, or none that is whole. Throws BadRequest where there is too much.
 */
export function readStructuredData (text: string, start: number): { data: StructuredData, end: number } | undefined {
  // Names come from the sender: `__proto__` must be one like any other.
  const elements = new Map<string, Map<string, string[]>>()
  let at = start
  let values = 0
  const count = () => { if (++values > maxValues) throw new BadRequest(`a message must have at most ${maxValues} elements and parameters`) }
  while (text[at] === '[') {
    count()
    const id = matchAt(elementStart, text, at)
    if (id === undefined) return undefined
    const parameters = elements.get(id) ?? new Map<string, string[]>()
    elements.set(id, parameters)
    at = elementStart.lastIndex

    for (let name; (name = matchAt(parameterStart, text, at)) !== undefined;) {
      count()
      const first = parameterStart.lastIndex
      const last = closingQuote(text, first)
      if (last === -1) return undefined
      const value = text.slice(first, last).replaceAll(/\\(["\\\]])/g, '$1')
      const values = parameters.get(name)
      if (values) values.push(value)
      else parameters.set(name, [value])
      at = last + 1
    }
    while (text[at] === ' ') at++
    if (text[at] !== ']') return undefined
    at++
  }
  if (at === start) return undefined
  const data = Object.fromEntries([...elements].map(([id, parameters]) =>
    [id, Object.fromEntries([...parameters].map(([name, values]) => [name, values.length === 1 ? values[0]! : values]))]))
  return { data, end: at }
}

function matchAt (pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[1]
}

/** The next quote that no backslash escapes; -1 where there is none. */
function closingQuote (text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 1)) {
    let first = at
    while (first > from && text[first - 1] === '\\') first--
    if ((at - first) % 2 === 0) return at
  }
  return -1
}
