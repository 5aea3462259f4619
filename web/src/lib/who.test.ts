import { expect, test } from 'vitest';
import { initials, others, shadeOf, whoIs } from './who';

test('people have two letters, and keys a name', () => {
  expect(['team-lead', 'reviewer', 'x', '', 'key:0197-abcd'].map(initials)).toEqual(['TL', 'RE', 'X', '?', 'AK']);
  expect(whoIs('key:0197-abcd')).toBe('API key …abcd');
  expect(shadeOf('user:1')).toBe(shadeOf('user:1'));
});

test('somebody with two pages is there once', () => {
  const people = [
    { author: 'a', connection: '1' },
    { author: 'b', connection: '2' },
    { author: 'b', connection: '3' },
  ];
  expect(others(people, '1').map((one) => one.connection)).toEqual(['2']);
  expect(others(people, '2').map((one) => one.connection)).toEqual(['1', '3']);
});
