import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { CommandError, Interrupted } from '../errors.ts'
import type { Streams } from './context.ts'

/**
 * Asks a question on the terminal, without showing the answer.
 * Throws Interrupted at Ctrl-C, and CommandError when the input ends.
 */
export async function askSecret (
  question: string, { stdin, stderr }: Pick<Streams, 'stdin' | 'stderr'>
): Promise<string> {
  const output = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: stdin, output, terminal: true })
  // The terminal echoes until the interface is open.
  stderr.write(question)
  const ended = new AbortController()
  try {
    return await new Promise((resolve, reject) => {
      terminal.once('SIGINT', () => reject(new Interrupted()))
      terminal.once('close', () => reject(new CommandError('no password was given')))
      terminal.question('', { signal: ended.signal }).then(resolve, reject)
    })
  } finally {
    ended.abort()
    terminal.close()
    stderr.write('\n')
  }
}
