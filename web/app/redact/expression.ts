// Regular expressions of users, run in time that grows with the text alone. Browsers' own take exponential time for
// some expressions, and the page would hang on a log; so this is a set of states, as in RE2. It finds what can match at
// all: the longest match at each place.

/** States of an expression; more take too long for each character. */
const maxStates = 400

type State =
  | { kind: 'character', isOne (character: string): boolean, next: number }
  | { kind: 'fork', next: number, other: number }
  | { kind: 'start' | 'end' | 'word-edge', next: number }
  | { kind: 'match' }

/** Half-open range [start, end) of a text, in UTF-16 units. */
export interface Span {
  start: number
  end: number
}

/** What an expression cannot have: look-around, back-references, and what is not closed. */
export class ExpressionError extends Error {}

/** A compiled expression; case does not matter. */
export class Expression {
  readonly #states: readonly State[]
  readonly #first: number

  /** Throws ExpressionError. */
  constructor (source: string) {
    const compiler = new Compiler(source)
    this.#first = compiler.compile()
    this.#states = compiler.states
  }

  /** All that matches anywhere, merged, in the order of the text. */
  spansIn (text: string): Span[] {
    const spans: Span[] = []
    // For each state the smallest place at which what led to it began.
    let active = new Map<number, number>()
    for (let at = 0; at <= text.length;) {
      this.#enter(active, { state: this.#first, start: at }, text, at)
      const reached = active.get(matchState)
      if (reached !== undefined && reached < at) merge(spans, { start: reached, end: at })
      if (at === text.length) break
      const character = String.fromCodePoint(text.codePointAt(at) ?? 0)
      const following = new Map<number, number>()
      at += character.length
      for (const [index, start] of active) {
        const state = this.#states[index]
        if (state?.kind !== 'character' || !state.isOne(character)) continue
        this.#enter(following, { state: state.next, start }, text, at)
      }
      active = following
    }
    return spans
  }

  /** Adds a state and those that follow it without a character. */
  #enter (active: Map<number, number>, from: { state: number, start: number }, text: string, at: number): void {
    const waiting = [from.state]
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      const known = active.get(index)
      if (known !== undefined && known <= from.start) continue
      active.set(index, from.start)
      const state = this.#states[index]
      if (state?.kind === 'fork') waiting.push(state.next, state.other)
      else if (state && state.kind !== 'character' && state.kind !== 'match' && holds(state.kind, text, at)) {
        waiting.push(state.next)
      }
    }
  }
}

const matchState = 0

function merge (spans: Span[], { start, end }: Span): void {
  let first = start
  for (let last = spans.at(-1); last && last.end >= first; last = spans.at(-1)) {
    first = Math.min(first, last.start)
    spans.pop()
  }
  spans.push({ start: first, end })
}

function holds (kind: 'start' | 'end' | 'word-edge', text: string, at: number): boolean {
  if (kind === 'start') return at === 0
  if (kind === 'end') return at === text.length
  return isWord(text.charAt(at - 1)) !== isWord(text.charAt(at))
}

function isWord (character: string): boolean {
  return /^[\p{L}\p{N}_]$/u.test(character)
}

/** Builds the states of an expression backwards: each part is given the state that follows it. */
class Compiler {
  readonly states: State[] = [{ kind: 'match' }]
  readonly #source: string
  #at = 0
  /** Copies of repeated parts, which may be empty. */
  #copies = 0

  constructor (source: string) {
    this.#source = source
  }

  compile (): number {
    const build = this.#alternatives()
    if (this.#at < this.#source.length) throw new ExpressionError('closing bracket')
    return build(matchState)
  }

  #alternatives (): Build {
    let build = this.#sequence()
    while (this.#take('|')) {
      const one = build
      const other = this.#sequence()
      build = (next) => this.#add({ kind: 'fork', next: one(next), other: other(next) })
    }
    return build
  }

  #sequence (): Build {
    const parts: Build[] = []
    while (this.#at < this.#source.length && !/[|)]/.test(this.#peek())) parts.push(this.#repeated(this.#atom()))
    return (next) => parts.reduceRight((following, build) => build(following), next)
  }

  #repeated (build: Build): Build {
    const found = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})/.exec(this.#source.slice(this.#at))
    if (!found) return build
    this.#at += found[0].length
    // Lazy or not, all that can match is found.
    this.#take('?')
    const [mark, low = mark === '+' ? '1' : '0', comma = ',', high = mark === '?' ? '1' : ''] = found
    const least = Number(low)
    const isEndless = comma !== '' && high === ''
    const most = comma === '' ? least : Number(high)
    return (next) => {
      let following = isEndless ? this.#loop(build, next) : next
      for (let count = least; count < most; count++) {
        following = this.#add({ kind: 'fork', next: build(following), other: next })
      }
      for (let count = 0; count < least; count++) {
        if (++this.#copies > maxStates) throw new ExpressionError('too large')
        following = build(following)
      }
      return following
    }
  }

  #loop (build: Build, next: number): number {
    const fork: State = { kind: 'fork', next: matchState, other: next }
    const index = this.#add(fork)
    fork.next = build(index)
    return index
  }

  #atom (): Build {
    if (this.#take('(')) return this.#group()
    if (this.#take('^')) return (next) => this.#add({ kind: 'start', next })
    if (this.#take('$')) return (next) => this.#add({ kind: 'end', next })
    if (this.#take('\\b')) return (next) => this.#add({ kind: 'word-edge', next })
    const source = atom.exec(this.#source.slice(this.#at))?.[0]
    if (source === undefined) throw new ExpressionError(this.#peek())
    this.#at += source.length
    const isOne = testOf(source)
    return (next) => this.#add({ kind: 'character', isOne, next })
  }

  #group (): Build {
    if (this.#take('?') && !this.#take(':')) throw new ExpressionError('(?')
    const build = this.#alternatives()
    if (!this.#take(')')) throw new ExpressionError('closing bracket')
    return build
  }

  #add (state: State): number {
    if (this.states.length >= maxStates) throw new ExpressionError('too large')
    return this.states.push(state) - 1
  }

  #peek (): string {
    return this.#source.charAt(this.#at)
  }

  #take (text: string): boolean {
    const isNext = this.#source.startsWith(text, this.#at)
    if (isNext) this.#at += text.length
    return isNext
  }
}

/** Makes the states of a part, before the state that follows it; gives the first one. */
type Build = (next: number) => number

/** What stands for one character: a class, an escape, or itself. Nothing that repeats or refers back. */
const atom = /^(?:\[\^?\]?(?:\\.|[^\]\\])*\]|\\[dDwWsSntrf.*+?^$|()[\]{}/\\-]|\\p\{\w+\}|\\P\{\w+\}|[^*+?{|()[\]\\])/u

/** Tests single characters; each one only once. */
function testOf (source: string): (character: string) => boolean {
  const test = compileTest(source)
  const known = new Map<string, boolean>()
  return (character) => {
    const before = known.get(character)
    if (before !== undefined) return before
    const isOne = test.test(character)
    // A text of many scripts must not fill the memory.
    if (known.size < 1000) known.set(character, isOne)
    return isOne
  }
}

function compileTest (source: string): RegExp {
  try {
    return new RegExp(`^(?:${source === '/' ? '\\/' : source})$`, 'iu')
  } catch {
    throw new ExpressionError(source)
  }
}
