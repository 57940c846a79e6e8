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

/** The nodes below an object or a list, in its order; those below a closed path are left out. */
export function * nodesOf (
  value: object, isClosed: (path: Node['path']) => boolean = () => false, above: Node['path'] = []
): Generator<Node> {
  const depth = above.length + 1
  for (const [name, part] of Object.entries<unknown>(value as Record<string, unknown>)) {
    const path = [...above, Array.isArray(value) ? Number(name) : name]
    if (typeof part !== 'object' || part === null) {
      // A generator for each of 10,000 values would take as long as all the rest.
      yield { path, value: part as Node['value'], parts: 0, depth }
      continue
    }
    yield { path, value: undefined, parts: Object.keys(part).length, depth }
    if (!isClosed(path)) yield * nodesOf(part, isClosed, path)
  }
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
