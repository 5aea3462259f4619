import { expect, test } from 'vitest';
import { tokens } from './code';
import { few, forgeAddress, stateOf, titleOf } from './names';
import { csv } from './save';
import { days, ticks } from './series';
import { ago, took } from './time';
import type { Repository, Review } from './api';

test('code is cut into comments, strings, numbers, keywords and types', () => {
  const cases: [string, string, string][] = [
    ['x = 1  # one', 'Python', 'x = |n:1|  |c:# one'],
    ['let s = "a // b"; // c', 'TypeScript', 'k:let| s = |s:"a // b"|; |c:// c'],
    ["fn f<'a>(x: &'a str)", 'Rust', "k:fn| f<'a>(x: &'a str)"],
    ['#include <a.h>', 'C', '#|k:include| <a.h>'],
    ['class Cart {', 'Java', 'k:class| |t:Cart| {'],
    ['SELECT a -- b', 'SQL', 'k:SELECT| a |c:-- b'],
    ['with: true # in', 'YAML', 'with: |k:true| |c:# in'],
    ['plain', '', 'plain'],
  ];
  for (const [text, language, wanted] of cases) {
    const found = tokens(text, language || undefined);
    expect(found.map((one) => (one.kind ? `${one.kind}:${one.text}` : one.text)).join('|'), text).toBe(wanted);
    expect(found.map((one) => one.text).join('')).toBe(text);
  }
});

test('times are said as people say them', () => {
  const now = 1_800_000_000_000;
  expect(ago(now - 2_000, now)).toBe('just now');
  expect(ago(now - 65_000, now)).toBe('1 minute ago');
  expect(ago(now - 7_300_000, now)).toBe('2 hours ago');
  expect(ago(now + 86_400_000, now)).toBe('tomorrow');
  expect([took(12), took(12_340), took(185_000), took(7_500_000)]).toEqual(['12 ms', '12.3 s', '3 min 5 s', '2 h 5 min']);
});

test('CSV quotes what must be, and no cell is a formula', () => {
  expect(csv([{ a: 'x,"y"', b: 1, c: null }, { a: '=1+1', b: -2, c: true }])).toBe('a,b,c\r\n"x,""y""",1,\r\n\'=1+1,-2,true\r\n');
});

test('axes have round numbers around what is shown', () => {
  expect(ticks(0, 100)).toEqual([0, 25, 50, 75, 100]);
  expect(ticks(3, 3).length).toBeGreaterThan(1);
  expect(ticks(0.1, 0.34)[0]).toBe(0.1);
  expect(days(Date.UTC(2026, 0, 30, 23), Date.UTC(2026, 1, 1, 1))).toEqual(['2026-01-30', '2026-01-31', '2026-02-01']);
});

test('reviews and numbers have names', () => {
  const review = { state: 'done', gate: 'failed', head: 'a'.repeat(40), pull_request: 12 } as Review;
  expect(titleOf(review)).toBe('Pull request #12 at aaaaaaaaaa');
  expect(titleOf({ ...review, pull_request: null, head: 'fix' })).toBe('fix');
  expect([stateOf(review), stateOf({ ...review, gate: 'passed' }), stateOf({ ...review, state: 'failed' })]).toEqual(['gate', 'passed', 'broken']);
  expect([few(null), few(3), few(1234.56)]).toEqual(['–', '3', '1,234.6']);
});

test('an address of a forge is made of plain names only', () => {
  const one = { forge: 'github', host: 'github.com', owner: 'acme', name: 'shop' } as Repository;
  expect(forgeAddress(one, 3)).toBe('https://github.com/acme/shop/pull/3');
  expect(forgeAddress({ ...one, forge: 'gitlab', host: 'gitlab.example', owner: 'a/b' }, 3)).toBe('https://gitlab.example/a/b/shop/-/merge_requests/3');
  expect(forgeAddress({ ...one, host: 'evil.example/x?' }, 3)).toBeNull();
});
