// The rows of a shown change: files, their changed lines, and the findings where they belong.

import type { Report, ReportFile, ReportFinding } from './report';

export interface FileRow {
  kind: 'file';
  key: string;
  file: ReportFile;
  added: number;
  removed: number;
  findings: number;
}
export interface LineRow {
  kind: 'line';
  key: string;
  path: string;
  language: string | undefined;
  sign: ' ' | '-' | '+';
  base: number | null;
  head: number | null;
  text: string;
  /** What is new in the line, where it replaces another one: from and up to which character. */
  mark: [number, number] | null;
  /** Whether a finding is about the line. */
  found: boolean;
}
export interface GapRow {
  kind: 'gap';
  key: string;
  text: string;
}
export interface FindingRow {
  kind: 'finding';
  key: string;
  finding: ReportFinding;
  /** Whether the lines that it is about stand above it. */
  inPlace: boolean;
}
export interface NoteRow {
  kind: 'note';
  key: string;
  text: string;
}
export type Row = FileRow | LineRow | GapRow | FindingRow | NoteRow;

/** What stands of a file when it is folded away. */
export interface RowOptions {
  /** The findings that are shown. */
  findings: ReportFinding[];
  /** The paths of files that are folded away. */
  folded: ReadonlySet<string>;
}

/** Puts the rows of a report together. */
export function rowsOf(report: Report, options: RowOptions): Row[] {
  const byPath = new Map<string, ReportFinding[]>();
  for (const finding of options.findings) {
    const list = byPath.get(finding.location.path);
    if (list) list.push(finding);
    else byPath.set(finding.location.path, [finding]);
  }
  const rows: Row[] = [];
  for (const file of report.ledger.files) {
    const findings = byPath.get(file.path) ?? [];
    byPath.delete(file.path);
    rows.push(...rowsOfFile(file, findings, options.folded.has(file.path)));
  }
  // A finding may be in a file that did not change, such as a caller that breaks.
  for (const [path, findings] of byPath) {
    const file: ReportFile = {
      path,
      uri: path,
      status: 'unchanged',
      coverage: 'analysed',
      analyzers: [],
      hunks: [],
      notes: [],
    };
    rows.push(...rowsOfFile(file, findings, options.folded.has(path)));
  }
  return rows;
}

function rowsOfFile(file: ReportFile, findings: ReportFinding[], isFolded: boolean): Row[] {
  const [added, removed] = file.hunks.reduce(
    ([a, r], hunk) => [a + hunk.head.count, r + hunk.base.count],
    [0, 0],
  );
  const rows: Row[] = [
    { kind: 'file', key: `f:${file.path}`, file, added, removed, findings: findings.length },
  ];
  if (isFolded) return rows;
  const parts = file.diff ?? [];
  const note = (text: string) => rows.push({ kind: 'note', key: `n:${file.path}:${text}`, text });
  if (file.coverage === 'skipped' && file.status !== 'unchanged') {
    note(`Not analysed: ${file.detail ?? file.reason ?? 'skipped'}`);
  } else if (parts.length === 0 && file.hunks.length > 0) {
    note('The text of this change was not kept.');
  }
  const shown = new Set<number>();
  for (const part of parts) {
    let line = part.head;
    for (const text of part.lines) if (text[0] !== '-') shown.add(line++);
  }
  const placed = new Map<number, ReportFinding[]>();
  const elsewhere: ReportFinding[] = [];
  const found = new Set<number>();
  for (const finding of findings) {
    const { start, end } = finding.location;
    // A finding of many lines, such as a long function, stands at its head.
    const last = end.column === 1 && end.line > start.line ? end.line - 1 : end.line;
    const at = last - start.line < 6 && shown.has(last) ? last : start.line;
    if (!shown.has(at)) {
      elsewhere.push(finding);
      continue;
    }
    for (let line = start.line; line <= at; line++) found.add(line);
    const list = placed.get(at);
    if (list) list.push(finding);
    else placed.set(at, [finding]);
  }
  for (const finding of elsewhere) rows.push(findingRow(finding, false));
  let before = 0;
  parts.forEach((part, index) => {
    const hidden = part.head - before - 1;
    if (hidden > 0 && (index > 0 || part.head > 1)) {
      const lines = `${hidden} unchanged line${hidden === 1 ? '' : 's'}`;
      rows.push({ kind: 'gap', key: `g:${file.path}:${part.head}`, text: lines });
    }
    let [base, head] = [part.base, part.head];
    const marks = marksOf(part.lines);
    part.lines.forEach((line, at) => {
      const sign = line[0] as LineRow['sign'];
      const row: LineRow = {
        kind: 'line',
        key: `l:${file.path}:${sign === '-' ? `-${base}` : head}`,
        path: file.path,
        language: file.language,
        sign,
        base: sign === '+' ? null : base,
        head: sign === '-' ? null : head,
        text: line.slice(1),
        mark: marks.get(at) ?? null,
        found: sign !== '-' && found.has(head),
      };
      rows.push(row);
      if (row.base !== null) base++;
      if (row.head !== null) {
        for (const finding of placed.get(head) ?? []) rows.push(findingRow(finding, true));
        head++;
      }
    });
    before = head - 1;
  });
  if (file.diff_cut) note('Further changed lines of this file were not kept: there are too many.');
  return rows;
}

function findingRow(finding: ReportFinding, inPlace: boolean): FindingRow {
  return { kind: 'finding', key: `x:${finding.fingerprint}`, finding, inPlace };
}

/** Finds what changed within lines that replace others one by one. */
export function marksOf(lines: string[]): Map<number, [number, number]> {
  const marks = new Map<number, [number, number]>();
  let at = 0;
  while (at < lines.length) {
    if (lines[at]?.[0] !== '-') {
      at++;
      continue;
    }
    const from = at;
    while (lines[at]?.[0] === '-') at++;
    const removed = at - from;
    const middle = at;
    while (lines[at]?.[0] === '+') at++;
    if (at - middle !== removed) continue;
    for (let index = 0; index < removed; index++) {
      const one = (lines[from + index] ?? '').slice(1);
      const other = (lines[middle + index] ?? '').slice(1);
      const shortest = Math.min(one.length, other.length);
      let start = 0;
      while (start < shortest && one[start] === other[start]) start++;
      let end = 0;
      while (end < shortest - start && one[one.length - 1 - end] === other[other.length - 1 - end]) end++;
      // What was put in between may as well begin a few letters before: at a word it is read at once.
      if (start + end === shortest && one.length !== other.length) {
        const longer = one.length > other.length ? one : other;
        const isLetter = (at: number) => /\w/.test(longer[at] ?? '');
        let back = start;
        const length = longer.length - shortest;
        while (back > 0 && longer[back - 1] === longer[back + length - 1] && isLetter(back - 1) && isLetter(back)) back--;
        if (!(back > 0 && isLetter(back - 1) && isLetter(back))) {
          end += start - back;
          start = back;
        }
      }
      // Lines that have little in common are other lines.
      if (start + end < shortest * 0.4) continue;
      marks.set(from + index, [start, one.length - end]);
      marks.set(middle + index, [start, other.length - end]);
    }
  }
  return marks;
}
