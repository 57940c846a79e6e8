// Rows that are stored once, on MySQL and MariaDB. Each row claims a row of `recent_logs` in the transaction that
// stores it; the primary key decides between transactions. If a claim fails, everything is rolled back, and the rows
// of `recent_logs` tell which rows to leave out:
//
//   none, or one that has expired    → the row is stored and claims it (an expired row is deleted first)
//   one of about the same time       → the row is left out
//   one of a later time              → the row is stored and claims nothing: its batch waited in the spool for longer
//                                      than a window
import type { RowBatch, RowOnce } from '../row-sink.ts'

/** A statement that must change this number of rows; if not, a row is known, or another transaction was faster. */
export interface Claim {
  sql: string
  rows: number
}

/** Bytes of the hash by which a row is known. */
const hashBytes = 16

/**
 * The claims of the batches, and the indexes of their repeated rows, which are left out; sets `repeated` of each batch.
 * `recent` has the expiry of each row of `recent_logs` that was found, by `nameOf`.
 */
export function claimRows (batches: readonly RowBatch[], recent: ReadonlyMap<string, string>): {
  claims: Claim[]
  repeated: ReadonlyMap<RowBatch, ReadonlySet<number>>
} {
  const repeated = new Map<RowBatch, Set<number>>()
  const fresh: string[] = []
  const expired: string[] = []
  const claimed = new Map<string, string>()
  for (const batch of batches) {
    const { userId, once } = batch
    if (!once) continue
    const leftOut = new Set<number>()
    for (const [index, hash] of hashesOf(once).entries()) {
      const name = nameOf(userId, hash)
      const expiresAt = claimed.get(name) ?? recent.get(name)
      const state = stateOf(once, expiresAt)
      if (state === 'repeated') leftOut.add(index)
      if (state !== 'new') continue
      if (expiresAt !== undefined) expired.push(`(${userId},x'${hash}','${expiresAt}')`)
      fresh.push(claimLiteral(userId, hash, once))
      claimed.set(name, once.expiresAt)
    }
    batch.repeated = leftOut.size
    repeated.set(batch, leftOut)
  }
  const claims: Claim[] = []
  if (expired.length > 0) claims.push({ sql: deleteExpired(expired.sort()), rows: expired.length })
  // Sorted, so that transactions with the same rows wait for each other instead of ending in a deadlock.
  if (fresh.length > 0) claims.push({ sql: insertClaims(fresh.sort()), rows: fresh.length })
  return { claims, repeated }
}

/** The state of a row, by the expiry of its row in `recent_logs`; undefined if there is none. */
export function stateOf (once: RowOnce, expiresAt: string | undefined): 'new' | 'repeated' | 'sent later' {
  if (expiresAt === undefined || expiresAt <= once.arrivedAt) return 'new'
  return expiresAt < once.expiresBefore ? 'repeated' : 'sent later'
}

/** Selects `name` and `expires_at` of the batches' rows of `recent_logs`; undefined if no batch is stored once. */
export function selectRecent (batches: readonly RowBatch[]): string | undefined {
  const pairs = batches.flatMap(({ userId, once }) => once ? hashesOf(once).map((hash) => pairOf(userId, hash)) : [])
  return pairs.length === 0 ? undefined : selectPairs(pairs)
}

/** The statements for a row that is stored by itself. */
interface RowClaim {
  once: RowOnce
  insert: string
  select: string
  renew: string
}

/** The claim of one row; undefined if it is stored each time that it comes. */
export function rowClaim ({ userId, once }: RowBatch, index: number): RowClaim | undefined {
  if (!once || index >= once.hashes.length / hashBytes) return undefined
  const hash = hashAt(once, index)
  return {
    once,
    insert: insertClaims([claimLiteral(userId, hash, once)]),
    select: selectPairs([pairOf(userId, hash)]),
    renew: `
      UPDATE recent_logs SET expires_at = '${once.expiresAt}'
      WHERE user_id = ${userId} AND log_hash = x'${hash}'`
  }
}

function deleteExpired (literals: readonly string[]): string {
  return `DELETE FROM recent_logs WHERE (user_id, log_hash, expires_at) IN (${literals.join(',')})`
}

function insertClaims (literals: readonly string[]): string {
  return `INSERT IGNORE INTO recent_logs (user_id, log_hash, expires_at) VALUES ${literals.join(',')}`
}

function claimLiteral (userId: number, hash: string, { expiresAt }: RowOnce): string {
  return `(${userId},x'${hash}','${expiresAt}')`
}

function pairOf (userId: number, hash: string): string {
  return `(${userId},x'${hash}')`
}

function selectPairs (pairs: readonly string[]): string {
  return `
    SELECT CONCAT(user_id, ' ', HEX(log_hash)) AS name, CAST(expires_at AS CHAR) AS expires_at FROM recent_logs
    WHERE (user_id, log_hash) IN (${pairs.join(',')})`
}

function hashesOf (once: RowOnce): string[] {
  return Array.from({ length: once.hashes.length / hashBytes }, (_, index) => hashAt(once, index))
}

function hashAt ({ hashes }: RowOnce, index: number): string {
  return Buffer.from(hashes.subarray(index * hashBytes, (index + 1) * hashBytes)).toString('hex').toUpperCase()
}

/** The name of a row, as `selectPairs` selects it. */
function nameOf (userId: number, hash: string): string {
  return `${userId} ${hash}`
}
