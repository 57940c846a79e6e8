// Plain JavaScript, as it runs in the threads of the embedded database, too.

/**
 * About how many bytes a row takes.
 * @param {Record<string, unknown>} row
 */
export function rowBytes (row) {
  let bytes = 100
  for (const name in row) {
    const value = row[name]
    if (typeof value === 'string') bytes += Buffer.byteLength(value)
  }
  return bytes
}

/** Rows that are taken up to a number of bytes, but `leastRows` in any case. */
export class RowPage {
  /** @type {Array<Record<string, unknown>>} */
  rows = []
  bytes = 0
  /** A row was left out. */
  isCut = false
  #limit

  /** @param {{ bytes: number, leastRows: number }} limit */
  constructor (limit) {
    this.#limit = limit
  }

  /**
   * Takes the row; false where it is left out, and with it all that follow.
   * @param {Record<string, unknown>} row
   */
  add (row) {
    const bytes = rowBytes(row)
    if (this.isCut || (this.bytes + bytes > this.#limit.bytes && this.rows.length >= this.#limit.leastRows)) {
      this.isCut = true
      return false
    }
    this.bytes += bytes
    this.rows.push(row)
    return true
  }
}
