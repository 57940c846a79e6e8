// Tells which lines belong to the log before them: those of stack traces, and indented ones.

/** Characters at both ends of a line by which it is recognized. */
const maxHead = 480
const maxEnd = 32

/** The text by which a line is recognized: all of it, or both of its ends. */
export function headOf (line: Buffer): string {
  const length = line.at(-1) === 0x0a ? line.length - 1 : line.length
  if (length <= maxHead + maxEnd) return line.toString('latin1', 0, length)
  return line.toString('latin1', 0, maxHead) + line.toString('latin1', length - maxEnd, length)
}

/** Lines that always go on with the log before them. */
const continuation = new RegExp([
  '^[ \\t]', // indented: frames of Java, .NET, Node, Python, Go and Ruby; pretty-printed JSON
  '^at ',
  '^(?:Caused by|Suppressed): ',
  '^\\.{3} \\d+ more',
  '^(?:[a-z_$][\\w$]*\\.)+[A-Z][\\w$.]*(?:Exception|Error|Throwable)(?::|\\r?$)', // Java: java.io.IOException: …
  '^(?:[A-Z]\\w*\\.)+[A-Z]\\w*Exception(?: \\(0x[\\dA-Fa-f]+\\))?: ', // .NET: System.IO.IOException: …
  '^--- End of ',
  '^Traceback \\(most recent call last\\):',
  '^(?:During handling of the above exception|The above exception was the direct cause)',
  '^goroutine \\d+ \\[',
  '^[}\\])]+[,;]?\\r?$', // the end of an object that Node prints after a stack
  '^\\S+:\\d+:in [`\'][^\']*\'\\r?$', // Ruby
  '^Stack trace:\\r?$', // PHP
  '^#\\d+ ' // PHP
].join('|'))

const traceback = /^Traceback \(most recent call last\):/
/** The last line of a traceback: `ValueError: text`, `KeyboardInterrupt`. */
const exception = /^[A-Za-z_][\w.]*(?::|\r?$)/
const goStart = /^(?:panic: |fatal error: |goroutine \d+ \[)/
/** Lines of a Go trace that are not indented: `main.f(0x1)`, `created by …`, `[signal …`. */
const goLine = /^(?:[\w./*(){}·-]+\(.*\)\r?$|created by |\[signal |\.{3}additional frames|exit status \d+\r?$)/
const completeJson = /^\{.*\}\s*$/

/** Follows the lines of one log; its state depends on these lines alone, so that a retry joins them alike. */
export class Joiner {
  #trace: 'python' | 'go' | 'json' | undefined

  /** Begins a log with a line, of which the head is given. */
  begin (head: string): void {
    this.#trace = completeJson.test(head) ? 'json' : undefined
    this.#follow(head)
  }

  /** Whether a line belongs to the log that has begun. */
  continues (head: string): boolean {
    if (this.#trace === 'json' || head.startsWith('{')) return false
    if (!continuation.test(head)) return this.#isOfTrace(head)
    this.#follow(head)
    return true
  }

  #follow (head: string): void {
    if (traceback.test(head)) this.#trace = 'python'
    else if (goStart.test(head)) this.#trace = 'go'
  }

  #isOfTrace (head: string): boolean {
    if (this.#trace === 'go') return goLine.test(head)
    if (this.#trace !== 'python') return false
    this.#trace = undefined
    return exception.test(head)
  }
}
