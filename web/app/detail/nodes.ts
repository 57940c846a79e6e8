// Values as lines of a tree, which are shown a few hundred at a time.

export interface Node {
  /** Names that lead to it; a number is a place in a list. */
  path: ReadonlyArray<string | number>
  /** Undefined for an object or a list, whose parts follow. */
  value: string | number | boolean | null | undefined
  /** Number of parts of an object or a list. */
  parts: number
  depth: number
}

/** Name by which the query language asks for the node: its names with dots. Undefined inside lists. */
export function nameOf ({ path }: Node): string | undefined {
  return path.every((name) => typeof name === 'string') ? path.join('.') : undefined
}

export function keyOf ({ path }: Pick<Node, 'path'>): string {
  return JSON.stringify(path)
}

/** The nodes of a value, in its order; those below a closed path are left out. */
export function * nodesOf (
  value: unknown, isClosed: (path: Node['path']) => boolean = () => false, path: Node['path'] = []
): Generator<Node> {
  if (typeof value !== 'object' || value === null) {
    yield { path, value: value as Node['value'], parts: 0, depth: path.length }
    return
  }
  const parts: Array<readonly [string | number, unknown]> = Array.isArray(value)
    ? value.map((part: unknown, index) => [index, part])
    : Object.entries(value)
  if (path.length > 0) yield { path, value: undefined, parts: parts.length, depth: path.length }
  if (path.length > 0 && isClosed(path)) return
  for (const [name, part] of parts) yield * nodesOf(part, isClosed, [...path, name])
}

/** Whether a node has a text in its name or its value, in any case. */
export function isAbout ({ path, value }: Node, text: string): boolean {
  const wanted = text.toLowerCase()
  return path.join('.').toLowerCase().includes(wanted) || String(value ?? '').toLowerCase().includes(wanted)
}

/** The object or list that a message contains as JSON; undefined if there is none. */
export function jsonIn (message: string): object | undefined {
  for (const [open, close] of [['{', '}'], ['[', ']']] as const) {
    const start = message.indexOf(open)
    const end = message.lastIndexOf(close)
    if (start < 0 || end <= start) continue
    try {
      const value: unknown = JSON.parse(message.slice(start, end + 1))
      if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) return value
    } catch {
      // No JSON.
    }
  }
}
