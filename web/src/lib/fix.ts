// What a fix makes of the lines that it touches, as a difference.

import type { Fix, Report, ReportFinding } from './report';

export interface FixPart {
  /** The number of the first line. */
  line: number;
  before: string[];
  after: string[];
}

/** The lines of a file in the head, as far as the report has them. */
export function headLines(report: Report, finding: ReportFinding): Map<number, string> {
  const lines = new Map<number, string>();
  for (const line of finding.frame) lines.set(line.number, line.text);
  const file = report.ledger.files.find((one) => one.path === finding.location.path);
  for (const part of file?.diff ?? []) {
    let number = part.head;
    for (const line of part.lines) if (line[0] !== '-') lines.set(number++, line.slice(1));
  }
  return lines;
}

/** Columns count characters from 1. */
function cut(text: string, column: number): [string, string] {
  const letters = [...text];
  return [letters.slice(0, column - 1).join(''), letters.slice(column - 1).join('')];
}

/** Applies a fix to the lines that it touches; none where one of them is not known. */
export function partsOf(fix: Fix, lines: Map<number, string>): FixPart[] | null {
  const edits: { from: number; to: number; startColumn: number; endColumn: number; text: string }[] = [];
  for (const edit of fix.edits) {
    if (!edit.start || !edit.end) return null;
    edits.push({ from: edit.start.line, to: edit.end.line, startColumn: edit.start.column, endColumn: edit.end.column, text: edit.text });
  }
  edits.sort((a, b) => a.from - b.from || a.startColumn - b.startColumn);
  const parts: FixPart[] = [];
  let at = 0;
  while (at < edits.length) {
    // Edits of the same lines belong together.
    const group = [edits[at]!];
    let to = edits[at]!.to;
    while (at + group.length < edits.length && edits[at + group.length]!.from <= to) {
      const next = edits[at + group.length]!;
      group.push(next);
      to = Math.max(to, next.to);
    }
    const from = group[0]!.from;
    const before: string[] = [];
    for (let line = from; line <= to; line++) {
      const text = lines.get(line);
      // An edit up to the head of a line touches nothing of it.
      if (text === undefined && !(line === to && group.at(-1)!.endColumn === 1)) return null;
      before.push(text ?? '');
    }
    let text = '';
    let [line, column] = [from, 1];
    const until = (toLine: number, toColumn: number) => {
      for (; line < toLine; line++, column = 1) text += `${cut(before[line - from]!, column)[1]}\n`;
      text += [...before[line - from]!].slice(column - 1, toColumn - 1).join('');
      column = toColumn;
    };
    for (const edit of group) {
      until(edit.from, edit.startColumn);
      text += edit.text;
      [line, column] = [edit.to, edit.endColumn];
    }
    text += cut(before[line - from]!, column)[1];
    let after = text.split('\n');
    // Whole lines that go leave none behind.
    while (before.length > 1 && before.at(-1) === after.at(-1)) {
      before.pop();
      after = after.slice(0, -1);
    }
    parts.push({ line: from, before, after });
    at += group.length;
  }
  return parts;
}

/** Writes a fix as a patch that `git apply` takes. */
export function patchOf(path: string, parts: FixPart[]): string {
  let text = `--- a/${path}\n+++ b/${path}\n`;
  let shift = 0;
  for (const part of parts) {
    const head = part.line + shift - (part.after.length === 0 ? 1 : 0);
    text += `@@ -${part.line},${part.before.length} +${head},${part.after.length} @@\n`;
    for (const line of part.before) text += `-${line}\n`;
    for (const line of part.after) text += `+${line}\n`;
    shift += part.after.length - part.before.length;
  }
  return text;
}
