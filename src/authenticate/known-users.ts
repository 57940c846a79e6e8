// Who proved their token lately, on our own disk, so that they are known after a restart while the
// database is away. One line of JSON for each change, the last one of a name counts:
//
//   {"id":1,"name":"alice","credential":"scrypt$…"}     proved against this credential
//   {"name":"alice"}                                    changed or disabled since: forgotten
//
// It holds no more than the table of users does: hashes, and no token.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import type { RememberedUser } from './verifier.ts'

export class KnownUsers {
  readonly #file: string
  readonly #users = new Map<string, RememberedUser>()
  #last: Promise<void> = Promise.resolve()

  /** Reads the file, where there is one, and writes it anew without what was overtaken. */
  constructor (file: string) {
    this.#file = file
    for (const line of linesOf(file)) this.#apply(line)
    const fresh = `${file}.new`
    writeFileSync(fresh, [...this.#users.values()].map((user) => `${JSON.stringify(user)}\n`).join(''), { mode: 0o600 })
    renameSync(fresh, file)
  }

  get size (): number {
    return this.#users.size
  }

  find (name: string): RememberedUser | undefined {
    return this.#users.get(name)
  }

  remember ({ id, name, credential }: RememberedUser): void {
    const known = this.#users.get(name)
    if (known?.id !== id || known.credential !== credential) this.#change({ id, name, credential })
  }

  forget (name: string): void {
    if (this.#users.has(name)) this.#change({ name })
  }

  #change (line: { name: string } | RememberedUser): void {
    this.#apply(line)
    // What can't be written is known until the next start, and proved anew after it.
    this.#last = this.#last.then(() => appendFile(this.#file, `${JSON.stringify(line)}\n`, { mode: 0o600 })).catch(() => {})
  }

  #apply (line: { name: string } | RememberedUser): void {
    if ('credential' in line) this.#users.set(line.name, line)
    else this.#users.delete(line.name)
  }

  /** Resolves once all is written. */
  close (): Promise<void> {
    return this.#last
  }
}

function linesOf (file: string): Array<{ name: string } | RememberedUser> {
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
