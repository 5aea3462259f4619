import { expect, test } from 'vitest';
import { partsOf, patchOf } from './fix';
import type { Fix } from './report';

const lines = new Map(['one', 'two ä x', 'three', 'four'].map((text, index) => [index + 1, text]));

function fix(...edits: [number, number, number, number, string][]): Fix {
  return {
    title: 't',
    safety: 'safe',
    edits: edits.map(([line, column, endLine, endColumn, text]) => ({ start: { line, column }, end: { line: endLine, column: endColumn }, text })),
  };
}

test('a fix is shown as the lines before and after it', () => {
  const cases: [Fix, [number, string[], string[]][]][] = [
    [fix([2, 5, 2, 6, 'o']), [[2, ['two ä x'], ['two o x']]]],
    [fix([2, 1, 3, 1, '']), [[2, ['two ä x'], []]]],
    [fix([4, 1, 5, 1, '']), [[4, ['four'], []]]],
    [fix([2, 1, 2, 1, 'new\n']), [[2, ['two ä x'], ['new', 'two ä x']]]],
    [fix([1, 1, 1, 4, '1'], [3, 1, 3, 6, '3']), [[1, ['one'], ['1']], [3, ['three'], ['3']]]],
    [fix([2, 7, 2, 8, 'y'], [2, 1, 2, 4, '2']), [[2, ['two ä x'], ['2 ä y']]]],
    [fix([1, 4, 2, 1, ' ']), [[1, ['one', 'two ä x'], ['one two ä x']]]],
  ];
  for (const [one, wanted] of cases) {
    expect(partsOf(one, lines)?.map((part) => [part.line, part.before, part.after]), JSON.stringify(one.edits)).toEqual(wanted);
  }
});

test('a fix of lines that nobody has is not shown', () => {
  expect(partsOf(fix([9, 1, 9, 2, 'x']), lines)).toBeNull();
  expect(partsOf({ title: 't', safety: 'safe', edits: [{ start: null, end: null, text: 'x' }] }, lines)).toBeNull();
});

test('a patch has the places of its parts', () => {
  const parts = partsOf(fix([1, 1, 2, 1, ''], [3, 1, 3, 6, '3\n3b']), lines)!;
  expect(patchOf('a.py', parts)).toBe('--- a/a.py\n+++ b/a.py\n@@ -1,1 +0,0 @@\n-one\n@@ -3,1 +2,2 @@\n-three\n+3\n+3b\n');
});
