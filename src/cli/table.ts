/** Columns of text side by side: numbers right, words left. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const isNumber = head.map((_, i) => rows.every((r) => /^([\d.,+-]|-$|$)/.test(r[i])));
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i].length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((c, i) => (isNumber[i] ? c.padStart(widths[i]) : c.padEnd(widths[i])))
      .join("  ")
      .trimEnd();
  return `${[line(head), ...rows.map(line)].join("\n")}\n`;
}
