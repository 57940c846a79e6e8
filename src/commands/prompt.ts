import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { CommandError, Interrupted } from '../errors.ts'
import type { Streams } from './command.ts'

/** Asks on the terminal, and shows nothing of what is typed. Throws Interrupted at Ctrl-C, and CommandError where the input ends. */
export async function askSecret (question: string, { stdin, stderr }: Pick<Streams, 'stdin' | 'stderr'>): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: stdin, output: nowhere, terminal: true })
  // Only now does the terminal echo nothing.
  stderr.write(question)
  const given = new AbortController()
  try {
    return await new Promise((resolve, reject) => {
      terminal.once('SIGINT', () => reject(new Interrupted()))
      terminal.once('close', () => reject(new CommandError('no password was given')))
      terminal.question('', { signal: given.signal }).then(resolve, reject)
    })
  } finally {
    given.abort()
    terminal.close()
    stderr.write('\n')
  }
}
