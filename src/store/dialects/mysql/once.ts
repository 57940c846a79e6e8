// Rows that are stored once, on MySQL and MariaDB. Each claims its row of `recent_logs` in the transaction that stores it; the
// primary key decides between transactions. Where a claim fails, all is rolled back, and the rows of `recent_logs` say which to
// leave out:
//
//   none, or one that has expired    → claimed (what has expired is deleted first)
//   one of about the same time       → left out
//   one of a later time              → stored, and nothing claimed: the batch waited in the spool for longer than a window
import type { RowBatch, RowOnce } from '../dialect.ts'

/** A statement that must change so many rows: else a row is known, or another transaction was faster. */
export interface Claim {
  sql: string
  rows: number
}

/** Bytes by which a row is known. */
const hashBytes = 16

/** What to claim for the batches, where these rows of `recent_logs` are there: when they expire, by `nameOf`. Tells the batches how many of their rows are left out, and returns which. */
export function claimRows (batches: readonly RowBatch[], recent: ReadonlyMap<string, string>): { claims: Claim[], repeated: ReadonlyMap<RowBatch, ReadonlySet<number>> } {
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
      const known = claimed.get(name) ?? recent.get(name)
      const verdict = judge(once, known)
      if (verdict === 'repeated') leftOut.add(index)
      if (verdict !== 'fresh') continue
      if (known !== undefined) expired.push(`(${userId},x'${hash}','${known}')`)
      fresh.push(claimLiteral(userId, hash, once))
      claimed.set(name, once.expiresAt)
    }
    batch.repeated = leftOut.size
    repeated.set(batch, leftOut)
  }
  const claims: Claim[] = []
  if (expired.length > 0) claims.push({ sql: `DELETE FROM recent_logs WHERE (user_id, log_hash, expires_at) IN (${expired.sort().join(',')})`, rows: expired.length })
  // In one order, so that transactions with the same rows wait for each other in turn.
  if (fresh.length > 0) claims.push({ sql: insertClaims(fresh.sort()), rows: fresh.length })
  return { claims, repeated }
}

/** What a row means that is there, by when it expires. */
export function judge (once: RowOnce, expiresAt: string | undefined): 'fresh' | 'repeated' | 'later' {
  if (expiresAt === undefined || expiresAt <= once.arrivedAt) return 'fresh'
  return expiresAt < once.expiresBefore ? 'repeated' : 'later'
}

/** Selects `name` and `expires_at` of the rows of `recent_logs` that the batches ask for; undefined where they ask for none. */
export function selectRecent (batches: readonly RowBatch[]): string | undefined {
  const pairs = batches.flatMap(({ userId, once }) => once ? hashesOf(once).map((hash) => `(${userId},x'${hash}')`) : [])
  return pairs.length === 0 ? undefined : selectPairs(pairs)
}

/** The statements of one row that is stored by itself; undefined where it is stored however often it comes. */
export function rowClaim ({ userId, once }: RowBatch, index: number): { insert: string, select: string, renew: string } | undefined {
  const hash = once && hashAt(once, index)
  if (!hash) return undefined
  return {
    insert: insertClaims([claimLiteral(userId, hash, once)]),
    select: selectPairs([`(${userId},x'${hash}')`]),
    renew: `UPDATE recent_logs SET expires_at = '${once.expiresAt}' WHERE user_id = ${userId} AND log_hash = x'${hash}'`
  }
}

function insertClaims (literals: readonly string[]): string {
  return `INSERT IGNORE INTO recent_logs (user_id, log_hash, expires_at) VALUES ${literals.join(',')}`
}

function claimLiteral (userId: number, hash: string, { expiresAt }: RowOnce): string {
  return `(${userId},x'${hash}','${expiresAt}')`
}

function selectPairs (pairs: readonly string[]): string {
  return `SELECT CONCAT(user_id, ' ', HEX(log_hash)) AS name, CAST(expires_at AS CHAR) AS expires_at FROM recent_logs WHERE (user_id, log_hash) IN (${pairs.join(',')})`
}

function hashesOf (once: RowOnce): string[] {
  return Array.from({ length: once.hashes.length / hashBytes }, (_, index) => hashAt(once, index)!)
}

function hashAt ({ hashes }: RowOnce, index: number): string | undefined {
  const hash = hashes.subarray(index * hashBytes, (index + 1) * hashBytes)
  return hash.length === 0 ? undefined : Buffer.from(hash).toString('hex').toUpperCase()
}

/** As the database names it, too. */
function nameOf (userId: number, hash: string): string {
  return `${userId} ${hash}`
}
