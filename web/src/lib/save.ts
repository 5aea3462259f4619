// Lists as files: CSV for tables, JSON for programs.

export type Cell = string | number | boolean | null | undefined;

/** Writes rows as CSV (RFC 4180). What a table would take for a formula is kept a text. */
export function csv(rows: Record<string, Cell>[]): string {
  const names = Object.keys(rows[0] ?? {});
  const cell = (value: Cell) => {
    let text = value === null || value === undefined ? '' : String(value);
    if (typeof value === 'string' && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const line = (cells: Cell[]) => `${cells.map(cell).join(',')}\r\n`;
  return line(names) + rows.map((row) => line(names.map((name) => row[name]))).join('');
}

/** Has the browser keep a text as a file. */
export function save(name: string, text: string, kind: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: kind }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 1_000);
}
