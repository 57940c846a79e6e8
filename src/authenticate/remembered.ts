// Who was let in lately, on our own disk, so that they are known after a restart while the database is
// away. One line of JSON for each change, the last one of a key counts:
//
//   {"key":"alice","value":{"id":1,"name":"alice","credential":"scrypt$…"}}     let in, as this
//   {"key":"alice"}                                                          changed, disabled or revoked since: forgotten
//
// It holds no more than the tables do: hashes, and no token.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'

/** Where those who were let in are kept beyond this process, for the time that the database is away. */
export interface Memory<T> {
  find (key: string): T | undefined
  remember (key: string, value: T): void
  forget (key: string): void
}

interface Line<T> {
  key: string
  value?: T
}

export class Known<T> implements Memory<T> {
  readonly #file: string | undefined
  readonly #values = new Map<string, T>()
  #last: Promise<void> = Promise.resolve()

  /**
   * Reads the file, where there is one, and writes it anew without what was overtaken, and with what `earlier` knows. Without a file
   * it knows no longer than this process runs.
   */
  constructor (file?: string, earlier?: Known<T>) {
    this.#file = file
    if (file === undefined) return
    for (const line of linesOf<T>(file)) this.#apply(line)
    for (const [key, value] of earlier === undefined ? [] : earlier.#values) this.#apply({ key, value })
    const fresh = `${file}.new`
    writeFileSync(fresh, [...this.#values].map(([key, value]) => `${JSON.stringify({ key, value })}\n`).join(''), { mode: 0o600 })
    renameSync(fresh, file)
  }

  get size (): number {
    return this.#values.size
  }

  find (key: string): T | undefined {
    return this.#values.get(key)
  }

  remember (key: string, value: T): void {
    if (JSON.stringify(this.find(key)) !== JSON.stringify(value)) this.#change({ key, value })
  }

  forget (key: string): void {
    if (this.#values.has(key)) this.#change({ key })
  }

  #change (line: Line<T>): void {
    this.#apply(line)
    const file = this.#file
    if (file === undefined) return
    // What can't be written is known until the next start, and proved anew after it.
    this.#last = this.#last.then(() => appendFile(file, `${JSON.stringify(line)}\n`, { mode: 0o600 })).catch(() => {})
  }

  #apply ({ key, value }: Line<T>): void {
    if (value === undefined) this.#values.delete(key)
    else this.#values.set(key, value)
  }

  /** Resolves once all is written. */
  close (): Promise<void> {
    return this.#last
  }
}

function linesOf<T> (file: string): Array<Line<T>> {
  let text
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return []
  }
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line)]
    } catch {
      // The last line of a process that was killed.
      return []
    }
  })
}
