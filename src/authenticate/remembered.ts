// Users and tokens that were authenticated recently, kept on disk so that they can send logs during a
// database outage, even after a restart. One JSON line per change; the last line of a key counts:
//
//   {"key":"alice","value":{"id":1,"name":"alice","credential":"scrypt$…"}}     authenticated, with this
//   {"key":"alice"}                                                          changed, disabled or revoked since
//
// The file holds no more than the tables do: hashes, and no token.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { LRUCache } from 'lru-cache'

/** Entries that outlive the process, for a database outage. */
export interface Memory<T> {
  find (key: string): T | undefined
  remember (key: string, value: T): void
  forget (key: string): void
}

/** A change of an entry; without a value it is forgotten. */
export interface Line<T> {
  key: string
  value?: T
}

export interface KnownOptions<T extends object> {
  /** Entries that are added. */
  earlier?: Known<T> | undefined
  /** Files of other processes: their entries are added, unless this file forgot them. */
  beside?: readonly string[]
  /** Called with each change, for other processes to follow. */
  onChange?: ((line: Line<T>) => void) | undefined
}

/** Bound on the entries; past it, the one used longest ago is forgotten. */
const maxEntries = 100_000

export class Known<T extends object> implements Memory<T> {
  readonly #file: string | undefined
  readonly #onChange: ((line: Line<T>) => void) | undefined
  readonly #values = new LRUCache<string, T>({ max: maxEntries })
  #lastWrite: Promise<void> = Promise.resolve()

  /**
   * Reads the file, adds other entries, and rewrites it without overtaken lines.
   * Without a file, entries live as long as the process.
   */
  constructor (file?: string, { earlier, beside = [], onChange }: KnownOptions<T> = {}) {
    this.#file = file
    this.#onChange = onChange
    if (file === undefined) return
    for (const each of [...beside, file]) for (const line of readLines<T>(each)) this.#apply(line)
    for (const line of earlier?.lines() ?? []) this.#apply(line)
    const rewritten = `${file}.new`
    writeFileSync(rewritten, this.lines().map((line) => `${JSON.stringify(line)}\n`).join(''), { mode: 0o600 })
    renameSync(rewritten, file)
  }

  get size (): number {
    return this.#values.size
  }

  /** The entries, the one used longest ago first. */
  lines (): Array<Line<T>> {
    const lines: Array<Line<T>> = []
    this.#values.rforEach((value, key) => lines.push({ key, value }))
    return lines
  }

  find (key: string): T | undefined {
    return this.#values.get(key)
  }

  remember (key: string, value: T): void {
    const line = { key, value }
    if (this.follow(line)) this.#onChange?.(line)
  }

  forget (key: string): void {
    if (this.follow({ key })) this.#onChange?.({ key })
  }

  /** Makes a change that another process has made; false if there is nothing to change. */
  follow (line: Line<T>): boolean {
    const { key, value } = line
    const isChange = value === undefined
      ? this.#values.has(key)
      : JSON.stringify(this.find(key)) !== JSON.stringify(value)
    if (isChange) this.#change(line)
    return isChange
  }

  #change (line: Line<T>): void {
    this.#apply(line)
    const file = this.#file
    if (file === undefined) return
    // An entry that cannot be written lasts until the next start, and is proved again after it.
    this.#lastWrite = this.#lastWrite
      .then(() => appendFile(file, `${JSON.stringify(line)}\n`, { mode: 0o600 }))
      .catch(() => {})
  }

  #apply ({ key, value }: Line<T>): void {
    if (value === undefined) this.#values.delete(key)
    else this.#values.set(key, value)
  }

  /** Resolves once every change is written. */
  close (): Promise<void> {
    return this.#lastWrite
  }
}

function readLines<T> (file: string): Array<Line<T>> {
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
