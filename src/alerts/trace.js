// Reads stack traces of Python, Node and browsers, Java, .NET, Go, PHP, Ruby, Rust, Elixir, Dart and gdb. Plain
// JavaScript, because a thread runs it.

/** Characters of a text that are read at both of its ends: the last line of a traceback names its exception. */
const maxHead = 8192
const maxTail = 4096
const maxLine = 512
const maxFrames = 5
const maxCauses = 5
const maxHeadLines = 10
const maxName = 160

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
    return frameOfLine(text)
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

/** Frames by the characters that they begin with, and after them those of any beginning. */
const forms = [
  /** Python: `File "/srv/a.py", line 3, in f` */
  { start: 'File "', form: /^File "([^"]*)", line \d+(?:, in (.+))?$/, read: fileAndName },
  /** PHP: `#0 /srv/a.php(12): App\Order->find()`; Dart: `#0 f (package:a/a.dart:3:5)`; gdb: `#1 0x1 in f () at a.c` */
  {
    start: '#',
    form: /^#\d+ +(?:0x[0-9a-f]+ in )?(?:\[internal function\]: |(\S+)\(\d+\): )?([^(]*)/,
    read: fileAndName
  },
  /** Ruby: `from /srv/a.rb:3:in 'Order#find'` */
  { start: '', form: /^(?:\d+: )?(?:from )?(\S+):\d+:in [`']([^']*)'/, read: fileAndName },
  /** Firefox and Safari: `find@https://a.example/a.js:3:5` */
  { start: '', form: /^([^\s@]*)@(\S+):\d+:\d+$/, read: nameAndFile },
  /** Elixir: `(shop 0.1.0) lib/order.ex:3: Shop.Order.find/1` */
  { start: '', form: /^(?:\([\w.]+ \S+\) )?(\S+):\d+: (\S+\/\d+)$/, read: fileAndName }
]

/** @param {string} text */
function frameOfLine (text) {
  const [word = ''] = text.split(' ', 1)
  if (atWords.has(word)) return frameAt(text.slice(word.length + 1), word)
  for (const { start, form, read } of forms) {
    const found = text.startsWith(start) ? form.exec(text) : null
    if (found) return read(found[1] ?? '', found[2] ?? '')
  }
  return undefined
}

/** `at`, as .NET writes it in the languages of its users. */
const atWords = new Set(['at', 'bei', 'à', 'в', 'en', 'em', '在', '場所'])
const position = /^(.*?)(?::line \d+|:\d+(?::\d+)?)$/

/**
 * A frame of Node, Java or .NET: `Order.find (/srv/a.js:3:5)`, `shop.Order.find(Order.java:3)`, `/srv/a.js:3:5`.
 * @param {string} call
 * @param {string} word `at` in some language
 */
function frameAt (call, word) {
  const text = call.replace(/^(?:async )?(?:new )?/, '')
  const open = text.indexOf('(')
  if (open === -1) {
    const file = position.exec(text)?.[1]
    return file === undefined || word !== 'at' || file.includes(' ') ? undefined : fileAndName(file, '')
  }
  const [name = '', alias = ''] = text.slice(0, open).trimEnd().split(/ (?=\[as )/)
  if (name === '' || name.includes(' ') || (word !== 'at' && !name.includes('.'))) return undefined
  const place = alias === '' && text[open - 1] !== ' ' ? '' : text.slice(open + 1, text.indexOf(')', open))
  return fileAndName(position.exec(place)?.[1] ?? '', name)
}

/**
 * @param {string} name
 * @param {string} file
 */
function nameAndFile (name, file) {
  return fileAndName(file, name)
}

/**
 * A frame as it is compared: the function, and the file without its folder; empty for one of Node's own.
 * @param {string} file
 * @param {string} name
 */
function fileAndName (file, name) {
  if (file.startsWith('node:') || file.startsWith('internal/') || name.startsWith('{main}')) return ''
  const base = /[^/\\]*$/.exec(file.replace(/[?#].*$/, ''))?.[0] ?? ''
  const parts = [nameOf(name), base === '' ? '' : `(${base.split(/(?<=[.\-_])|(?=[.\-_])/).map(withoutHash).join('')})`]
  return parts.filter((part) => part !== '').join(' ')
}

/**
 * A part of a file's name; empty if it is a number or a hash of its contents: `main.4f3a2b1c.js`.
 * @param {string} part
 */
function withoutHash (part) {
  return /^\d+$/.test(part) || (part.length >= minHash && /\d/.test(part)) ? '' : part
}

const minHash = 6

/**
 * The name of a function without what differs between runs or builds: numbers of lambdas and proxies, modules and their
 * versions, addresses.
 * @param {string} name
 */
function nameOf (name) {
  const own = name.replaceAll(/\$\$[^.]*/g, '').replace(/\/\d+$/, '').replace(/^.*\//, '')
  const plain = own.replaceAll(/\$\d+|0x[0-9a-f]+/g, '').trim().slice(0, maxName)
  return plain.includes('<') ? plain.replaceAll(/\d+/g, '') : plain
}
