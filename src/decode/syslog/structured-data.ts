import { BadRequest } from '../../errors.ts'
import { stepBytes, stepSize } from '../steps.ts'
import { maxAttributes, maxValues } from '../limits.ts'

/** Parameters of each element, by its SD-ID; a repeated parameter is a list. */
export type StructuredData = Record<string, Record<string, string | string[]>>

const elementStart = /\[([^\s="\]]+)/y
const parameterStart = / +([^\s="\]]+)="/y

/** A result, and the index after its text. */
type Found<T> = T & { end: number }

/**
 * Reads the structured data at `start` (RFC 5424, section 6.3), in steps.
 * Undefined if it is missing or incomplete. Throws BadRequest if it has too many elements or parameters.
 */
export function * readStructuredData (
  text: string, start: number
): Generator<undefined, Found<{ data: StructuredData }> | undefined, void> {
  // Maps, because names come from the sender: `__proto__` must be a name like any other.
  const elements = new Map<string, Map<string, string[]>>()
  let at = start
  let values = 0
  let names = 0
  while (text[at] === '[') {
    if (count()) yield
    const id = matchAt(elementStart, text, at)
    if (id === undefined) return undefined
    const parameters = elements.get(id) ?? new Map<string, string[]>()
    if (!elements.has(id)) countName()
    elements.set(id, parameters)
    at = elementStart.lastIndex

    for (let name; (name = matchAt(parameterStart, text, at)) !== undefined;) {
      if (count()) yield
      const parameter = yield * readValue(text, parameterStart.lastIndex)
      if (parameter === undefined) return undefined
      const values = parameters.get(name)
      if (values) {
        values.push(parameter.value)
      } else {
        countName()
        parameters.set(name, [parameter.value])
      }
      at = parameter.end
    }
    while (text[at] === ' ') at++
    if (text[at] !== ']') return undefined
    at++
  }
  if (at === start) return undefined
  const data = Object.fromEntries([...elements].map(([id, parameters]) => [id, Object.fromEntries(Array.from(
    parameters, ([name, [first = '', ...others]]) => [name, others.length === 0 ? first : [first, ...others]]
  ))]))
  return { data, end: at }

  /** Whether a step is due. */
  function count (): boolean {
    if (++values > maxValues) throw new BadRequest(`a message must have at most ${maxValues} elements and parameters`)
    return values % stepSize === 0
  }

  function countName (): void {
    if (++names <= maxAttributes) return
    throw new BadRequest(`a message must have at most ${maxAttributes} elements and parameters of different names`)
  }
}

function matchAt (pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[1]
}

/** A parameter's value, up to the next unescaped quote; undefined without such a quote. */
function * readValue (text: string, start: number): Generator<undefined, Found<{ value: string }> | undefined, void> {
  const quote = text.indexOf('"', start)
  if (quote === -1) return undefined
  const plain = text.slice(start, quote)
  if (!plain.includes('\\')) return { value: plain, end: quote + 1 }

  const parts: string[] = []
  for (let at = start; at < text.length;) {
    const from = at
    const pause = Math.min(text.length, from + stepBytes)
    while (at < pause && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
    parts.push(text.slice(from, at).replaceAll(/\\(["\\\]])/g, '$1'))
    if (text[at] === '"') return { value: parts.join(''), end: at + 1 }
    yield
  }
  return undefined
}
