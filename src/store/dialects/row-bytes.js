// Plain JavaScript, because the threads of the embedded database run it, too.

/** Bytes counted for a row beside its texts. */
const rowOverheadBytes = 100

/**
 * Estimates the size of a row in bytes.
 * @template Row
 * @param {Row} row
 */
function rowBytes (row) {
  let bytes = rowOverheadBytes
  for (const name in row) {
    const value = row[name]
    if (typeof value === 'string') bytes += Buffer.byteLength(value)
    else if (value instanceof Uint8Array) bytes += value.length
  }
  return bytes
}

/**
 * The first rows of an answer that together stay within a number of bytes; `leastRows` of them in any case.
 * @template Row
 */
export class RowPage {
  /** @type {Row[]} */
  rows = []
  bytes = 0
  /** Whether a row was left out. */
  isCut = false
  /** Whether it was left out because the time was over. */
  isLate = false
  #limit
  #startedAt = performance.now()

  /** @param {{ bytes: number, leastRows: number, ms?: number }} limit */
  constructor (limit) {
    this.#limit = limit
  }

  /**
   * Adds the row; false if the row, and with it all that follow, is left out.
   * @param {Row} row
   */
  add (row) {
    const bytes = rowBytes(row)
    const { bytes: maxBytes, leastRows, ms = Infinity } = this.#limit
    const isFull = this.bytes + bytes > maxBytes && this.rows.length >= leastRows
    this.isLate ||= !isFull && this.rows.length > 0 && performance.now() - this.#startedAt > ms
    if (this.isCut || isFull || this.isLate) {
      this.isCut = true
      return false
    }
    this.bytes += bytes
    this.rows.push(row)
    return true
  }
}
