import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Identity } from './role.ts'

/** The cluster that an instance used last, as JSON in a file beside its spool. */
export class IdentityFile {
  readonly file: string
  readonly #hosts: readonly string[]
  #written = ''

  /** A file that knows none of these servers is not about them. */
  constructor (file: string, hosts: readonly string[]) {
    this.file = file
    this.#hosts = hosts
  }

  read (): Identity {
    try {
      const { hosts, cluster, database } = JSON.parse(readFileSync(this.file, 'utf8'))
      if (this.#hosts.some((name) => hosts.includes(name))) return { cluster, database }
    } catch {
      // There is none yet, or it was written by hand.
    }
    return { cluster: undefined, database: undefined }
  }

  /** Without effect where the folder cannot be written: the spool reports that. */
  write (identity: Identity): void {
    const text = `${JSON.stringify({ hosts: this.#hosts, ...identity })}\n`
    if (text === this.#written) return
    try {
      mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 })
      writeFileSync(`${this.file}.new`, text, { mode: 0o600 })
      renameSync(`${this.file}.new`, this.file)
      this.#written = text
    } catch {}
  }
}
