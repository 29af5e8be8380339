/**
 * Rows as columns that line up, two blanks apart; the last column is not padded. A cell longer than `alignedMax` stands whole, out of line with
 * the others, and moves only the rest of its own row. Ends with a line feed.
 */
export function renderTable(
  rows: readonly (readonly string[])[],
  alignedMax = Number.POSITIVE_INFINITY,
): string {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, column) => {
      if (cell.length <= alignedMax) widths[column] = Math.max(widths[column] ?? 0, cell.length)
    })
  }
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  '),
  )
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}
