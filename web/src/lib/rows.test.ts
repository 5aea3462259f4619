import { expect, test } from 'vitest';
import { counts, type Report, type ReportFile, type ReportFinding } from './report';
import { marksOf, rowsOf } from './rows';

function file(path: string, more: Partial<ReportFile> = {}): ReportFile {
  return {
    path,
    uri: path,
    status: 'modified',
    coverage: 'analysed',
    analyzers: ['text rules'],
    hunks: [{ base: { start: 2, count: 1 }, head: { start: 2, count: 1 }, coverage: 'analysed', analyzers: [] }],
    notes: [],
    diff: [{ base: 1, head: 1, lines: [' a', '-b', '+B', ' c'] }],
    ...more,
  };
}

function finding(path: string, line: number, more: Partial<ReportFinding> = {}): ReportFinding {
  const place = { path, uri: path, start: { line, column: 1 }, end: { line, column: 5 } };
  return {
    fingerprint: `${path}:${line}`,
    rule: 'a/b',
    severity: 'high',
    confidence: 'high',
    category: 'security',
    state: 'introduced',
    message: 'm',
    location: place,
    related: [],
    frame: [],
    ...more,
  };
}

function shown(files: ReportFile[], findings: ReportFinding[], folded: string[] = []): string[] {
  const report = { ledger: { complete: true, hunks: 1, files } } as unknown as Report;
  return rowsOf(report, { findings, folded: new Set(folded) }).map((row) => {
    if (row.kind === 'line') return `${row.base ?? ''}|${row.head ?? ''}|${row.sign}${row.text}${row.found ? ' !' : ''}`;
    if (row.kind === 'file') return `file ${row.file.path} +${row.added} -${row.removed} (${row.findings})`;
    if (row.kind === 'finding') return `finding ${row.finding.fingerprint} ${row.inPlace ? 'here' : 'elsewhere'}`;
    return `${row.kind} ${row.text}`;
  });
}

test('a finding stands below its line', () => {
  expect(shown([file('a')], [finding('a', 2)])).toEqual([
    'file a +1 -1 (1)',
    '1|1| a',
    '2||-b',
    '|2|+B !',
    'finding a:2 here',
    '3|3| c',
  ]);
});

test('a finding outside of the shown lines stands at the head of its file', () => {
  expect(shown([file('a')], [finding('a', 90)]).slice(0, 2)).toEqual(['file a +1 -1 (1)', 'finding a:90 elsewhere']);
});

test('a finding of many lines stands below its first', () => {
  const long = finding('a', 1, { location: { path: 'a', uri: 'a', start: { line: 1, column: 1 }, end: { line: 40, column: 1 } } });
  expect(shown([file('a')], [long]).slice(1, 3)).toEqual(['1|1| a !', 'finding a:1 here']);
});

test('a finding in a file that did not change has a file of its own', () => {
  expect(shown([], [finding('caller', 3)])).toEqual(['file caller +0 -0 (1)', 'finding caller:3 elsewhere']);
});

test('what was not analysed, not kept, or cut says so', () => {
  expect(shown([file('a', { coverage: 'skipped', detail: 'minified', diff: [] })], [])).toEqual(['file a +1 -1 (0)', 'note Not analysed: minified']);
  expect(shown([file('a', { diff: undefined } as Partial<ReportFile>)], [])[1]).toMatch(/was not kept/);
  expect(shown([file('a', { diff_cut: true })], []).at(-1)).toMatch(/too many/);
});

test('lines that are left out are counted, and a folded file has none', () => {
  const parts = [
    { base: 1, head: 1, lines: [' a'] },
    { base: 10, head: 12, lines: [' b'] },
  ];
  expect(shown([file('a', { diff: parts })], [])).toEqual(['file a +1 -1 (0)', '1|1| a', 'gap 10 unchanged lines', '10|12| b']);
  expect(shown([file('a')], [finding('a', 2)], ['a'])).toEqual(['file a +1 -1 (1)']);
});

test('every row has a key of its own', () => {
  const report = { ledger: { complete: true, hunks: 1, files: [file('a'), file('b')] } } as unknown as Report;
  const keys = rowsOf(report, { findings: [finding('a', 2), finding('b', 2)], folded: new Set() }).map((row) => row.key);
  expect(new Set(keys).size).toBe(keys.length);
});

test('what changed within a line is marked, unless most of it did', () => {
  expect([...marksOf([' x', '-let a = 1;', '+let b = 1;'])]).toEqual([
    [1, [4, 5]],
    [2, [4, 5]],
  ]);
  // What is put in is marked from where its word begins.
  const [before, after] = ['-import Flask, request', '+import Flask, redirect, request'];
  const [from, to] = marksOf([before!, after!]).get(1)!;
  expect(after!.slice(1).slice(from, to)).toBe('redirect, ');
  const gone = marksOf([after!.replace('+', '-'), before!.replace('-', '+')]);
  expect(after!.slice(1).slice(...gone.get(0)!)).toBe('redirect, ');
  expect(marksOf(['-return one', '+throw away everything']).size).toBe(0);
  expect(marksOf(['-a', '-b', '+a']).size).toBe(0);
});

test('what the change brought and nothing silences counts', () => {
  expect(counts(finding('a', 1))).toBe(true);
  expect(counts(finding('a', 1, { state: 'existing' }))).toBe(false);
  expect(counts(finding('a', 1, { suppressed: { by: 'baseline' } }))).toBe(false);
});
