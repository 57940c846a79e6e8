/** A cell; numbers are aligned right. */
export type Cell = string | number

/** Lines of a table with aligned columns, two spaces between them. */
export function tableLines (rows: readonly Cell[][]): string[] {
  const widths = rows.reduce<number[]>((widths, row) =>
    Object.assign(widths, row.map((cell, column) => Math.max(widths[column] ?? 0, String(cell).length))), [])
  return rows.map((row) => row.map((cell, column) => align(cell, widths[column])).join('  ').trimEnd())
}

function align (cell: Cell, width = 0): string {
  return typeof cell === 'number' ? String(cell).padStart(width) : cell.padEnd(width)
}
