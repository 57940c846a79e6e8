import { createRequire } from 'node:module'
import type Sqlite from 'better-sqlite3'

const require = createRequire(import.meta.url)

/**
 * The better-sqlite3 for this Node: from 13 on it needs Node 22, and before that it aborts
 * Node 24, now and then, when a statement is collected. Throws where it is not installed.
 */
export function sqliteDriver (): typeof Sqlite {
  return require(Number.parseInt(process.versions.node) < 22 ? 'better-sqlite3-node20' : 'better-sqlite3')
}
