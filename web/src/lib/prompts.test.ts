import { expect, test } from 'vitest';
import { addressOf, diffLines, dollars, percent } from './prompts';

test('a diff is read line by line', () => {
  const diff = '--- a/judge.md\n+++ b/judge.md\n@@ -1,3 +1,3 @@\n same\n-old\n+++ new\n\\ No newline at end of file\n';
  expect(diffLines(diff)).toEqual([
    { kind: 'place', text: '@@ -1,3 +1,3 @@' },
    { kind: 'same', text: 'same' },
    { kind: 'removed', text: 'old' },
    { kind: 'added', text: '++ new' },
  ]);
  expect(diffLines('')).toEqual([]);
});

test('addresses name models', () => {
  expect(addressOf({ name: 'judge', models: [] })).toBe('prompts/judge');
  expect(addressOf({ name: 'judge', models: ['gpt-5*', 'o3'] })).toBe('prompts/judge?models=gpt-5*%2Co3');
});

test('figures are short', () => {
  expect([percent(0.714), percent(null), dollars(12_300_000), dollars(1_500_000_000), dollars(undefined)]).toEqual(['71 %', '–', '$0.0123', '$1.50', '–']);
});
