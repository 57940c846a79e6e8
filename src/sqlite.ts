import { chmodSync, closeSync, openSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import type Sqlite from 'better-sqlite3'

const require = createRequire(import.meta.url)

/**
 * The better-sqlite3 for this Node: from 13 on it needs Node 22, and before that it aborts
 * Node 24, now and then, when a statement is collected.
 */
const packageName = Number.parseInt(process.versions.node) < 22 ? 'better-sqlite3-node20' : 'better-sqlite3'

/** Throws where it is not installed. */
export function sqliteDriver (): typeof Sqlite {
  return require(packageName)
}

/** Where a thread finds it. */
export function sqliteDriverPath (): string {
  return require.resolve(packageName)
}

/**
 * Every commit is on the disk before it returns. To be set each time: a database that is opened
 * again in WAL mode falls back to NORMAL, which can lose the last commits.
 */
export const durablePragmas = ['journal_mode = WAL', 'synchronous = FULL', 'busy_timeout = 5000'] as const

/**
 * Makes the file, where it is missing, and lets nobody but its owner read it and what SQLite keeps beside it: it holds the logs and credentials' hashes.
 * SQLite gives new files beside it the same rights. Throws where it can't be made.
 */
export function keepFilePrivate (file: string): void {
  closeSync(openSync(file, 'a', 0o600))
  for (const name of [file, `${file}-wal`, `${file}-shm`, `${file}-journal`]) {
    const { mode = 0 } = statSync(name, { throwIfNoEntry: false }) ?? {}
    if ((mode & 0o077) === 0) continue
    try {
      chmodSync(name, 0o600)
    } catch {
      // Another user's: they decide.
    }
  }
}
