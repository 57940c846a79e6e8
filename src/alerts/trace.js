// Reads stack traces of Python, Node and browsers, Java, .NET, Go, PHP, Ruby, Rust, Elixir, Dart and gdb. Plain
// JavaScript, because a thread runs it.
import { frameOf, nameOf } from './frames.js'

/** Characters of a text that are read at both of its ends: the last line of a traceback names its exception. */
const maxHead = 8192
const maxTail = 4096
const maxLine = 512
const maxFrames = 5
const maxCauses = 5
const maxHeadLines = 10

/**
 * @typedef {object} Trace
 * @property {string[]} head lines before the first frame, without those that every trace has
 * @property {string[]} frames at most five, those where the exception was thrown, without line numbers
 * @property {string[]} causes lines that name the exception after its frames, and the exceptions that caused it
 */

/**
 * The stack trace in a text; undefined if it has none.
 * @param {string} text
 * @returns {Trace | undefined}
 */
export function traceOf (text) {
  if (!text.includes('\n')) return undefined
  const isLong = text.length > maxHead + maxTail
  const read = isLong ? `${text.slice(0, maxHead)}\n${text.slice(-maxTail)}` : text
  const reader = new TraceReader()
  for (const line of read.split('\n')) if (!reader.add(line.slice(0, maxLine).trimEnd())) break
  return reader.trace
}

/** Lines that say nothing about the exception. */
const noise = new RegExp(`^(?:${[
  'Traceback \\(most recent call last\\):?', 'During handling of the above exception', 'The above exception was',
  '\\[Previous line repeated', '[~^\\s]+$', 'Stack trace:?$', '\\[stacktrace\\]$', '\\(?stack backtrace:?$',
  '\\.{3} \\d+ (?:more|common frames)', '\\.{3}additional frames', '--- End of', 'goroutine \\d+', 'created by ',
  'thrown in ', 'exit status ', 'note: ', '[|+-]+$'
].join('|')})`)
const cause = /^(?:Caused by: |---> |Next |\[cause\]: )/
/** The last line of a traceback of Python: `ValueError: text`. */
const pythonException = /^[A-Za-z_][\w.]*(?:: |:?$)/

class TraceReader {
  /** @type {string[]} */
  #head = []
  /** @type {string[]} */
  #frames = []
  /** @type {string[]} */
  #causes = []
  /** Whether the frames of the exception itself are known. */
  #isComplete = false
  #isPython = false
  #isRust = false
  #goroutines = 0
  #last = ''

  /** @returns {Trace | undefined} */
  get trace () {
    if (this.#frames.length === 0) return undefined
    return { head: this.#head, frames: this.#frames, causes: this.#causes }
  }

  /**
   * Reads a line; false if no further line is needed.
   * @param {string} line
   */
  add (line) {
    const text = line.replace(/^[\s|]+/, '')
    if (text === '') return true
    if (text.startsWith('Traceback (most')) this.#beginTraceback()
    if (text.startsWith('stack backtrace:')) this.#isRust = true
    if (text.startsWith('goroutine ') && ++this.#goroutines > 1) return false
    const frame = this.#frameOf(line, text)
    if (frame !== undefined) {
      this.#addFrame(frame)
      const message = rubyMessage.exec(text)?.[1]
      if (message !== undefined) this.#head.push(message)
    } else if (cause.test(text) || (this.#isPython && line === text && pythonException.test(text))) {
      this.#addCause(text)
    } else if (this.#frames.length === 0 && this.#head.length < maxHeadLines && !noise.test(text)) {
      this.#head.push(text)
    }
    this.#last = text
    return true
  }

  /** The frames of the last traceback count, and of these the last, where the exception was thrown. */
  #beginTraceback () {
    this.#isPython = true
    this.#frames = []
  }

  /** @param {string} frame empty for a frame of the runtime */
  #addFrame (frame) {
    if (frame === '') return
    if (this.#isComplete) return
    if (this.#isPython && this.#frames.length === maxFrames) this.#frames.shift()
    if (this.#frames.length < maxFrames) this.#frames.push(frame)
  }

  /**
   * Adds a line that names an exception. The frames after it are those of a cause, except in Python, and in .NET, which
   * names the cause before all frames.
   * @param {string} line
   */
  #addCause (line) {
    if (!this.#isPython && this.#frames.length > 0) this.#isComplete = true
    if (this.#causes.length === maxCauses) this.#causes.shift()
    this.#causes.push(line)
  }

  /**
   * The frame of a line, empty for one of the runtime; undefined for another line.
   * @param {string} line
   * @param {string} text the line without indentation
   */
  #frameOf (line, text) {
    const rust = this.#isRust ? rustFrame.exec(text) : null
    if (rust) return runtimeOfRust.test(rust[1] ?? '') ? '' : nameOf((rust[1] ?? '').replace(/::h[0-9a-f]{16}$/, ''))
    if (this.#isRust && text.startsWith('at ')) return ''
    const isGo = line !== text && goFile.test(text)
    if (isGo && !noise.test(this.#last)) return this.#goFrame()
    return frameOf(text)
  }

  /** The function stands in the line before that of the file. */
  #goFrame () {
    if (this.#head.at(-1) === this.#last) this.#head.pop()
    const name = this.#last.endsWith(')') ? this.#last.slice(0, this.#last.lastIndexOf('(')) : this.#last
    return /^(?:runtime\.|panic$)/.test(name) ? '' : nameOf(name)
  }
}

/** After the first frame of Ruby: `a.rb:1:in 'f': bad (RuntimeError)`. */
const rubyMessage = /:\d+:in [`'][^']*': (.+)$/
const goFile = /^\S+\.go:\d+(?: \+0x[0-9a-f]+)?$/
const rustFrame = /^\d+: +(?:0x[0-9a-f]+ - )?(\S.*)$/
const runtimeOfRust = /^(?:<?(?:std|core|alloc)::|rust_|_*rust|_?_?libc_start|_start$|main$)/
