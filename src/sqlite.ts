import { chmodSync, closeSync, openSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import type Sqlite from 'better-sqlite3'

const require = createRequire(import.meta.url)

/**
 * The better-sqlite3 for this Node. Version 13 needs Node 22; version 12 aborts Node 24 now and then, when a statement
 * is garbage collected.
 */
const packageName = Number.parseInt(process.versions.node) < 22 ? 'better-sqlite3-node20' : 'better-sqlite3'

/** The better-sqlite3 package. Throws if it is not installed. */
export function sqliteDriver (): typeof Sqlite {
  return require(packageName)
}

/** The path of the better-sqlite3 package, for threads. */
export function sqliteDriverPath (): string {
  return require.resolve(packageName)
}

/**
 * Pragmas with which every commit is on the disk before it returns.
 * They must be set at each opening: an existing WAL database falls back to NORMAL, which can lose the last commits.
 */
export const durablePragmas = ['journal_mode = WAL', 'synchronous = FULL', 'busy_timeout = 5000'] as const

/**
 * Creates the file if it is missing, and lets only its owner read it and the files that SQLite keeps beside it.
 * It contains the logs and the hashes of credentials. SQLite gives new files beside it the same rights. Throws if the
 * file cannot be created.
 */
export function keepFilePrivate (file: string): void {
  closeSync(openSync(file, 'a', 0o600))
  for (const name of [file, `${file}-wal`, `${file}-shm`, `${file}-journal`]) {
    const { mode = 0 } = statSync(name, { throwIfNoEntry: false }) ?? {}
    if ((mode & 0o077) === 0) continue
    try {
      chmodSync(name, 0o600)
    } catch {
      // The file belongs to another user, who decides about its rights.
    }
  }
}
