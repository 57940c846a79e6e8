import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { Streams } from './command.ts'

/** Asks on the terminal, and shows nothing of what is typed. */
export async function askSecret (question: string, { stdin, stderr }: Pick<Streams, 'stdin' | 'stderr'>): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: stdin, output: nowhere, terminal: true })
  // Only now does the terminal echo nothing.
  stderr.write(question)
  try {
    return await terminal.question('')
  } finally {
    terminal.close()
    stderr.write('\n')
  }
}
