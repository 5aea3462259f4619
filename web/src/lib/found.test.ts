import { expect, test } from 'vitest';
import { NO_WAY, after, worstFirst, type Found, type Way } from './found';
import type { LiveEvent } from './live';

const found = (id: string, severity: Found['severity'] = 'high'): Found => ({
  id,
  rule: 'security/command-injection',
  severity,
  confidence: 'high',
  category: 'security',
  path: 'a.py',
  line_start: 4,
  line_end: 4,
  message: 'It runs what it is given.',
  frame: [],
});

let cursor = 0;
const event = (name: LiveEvent['event'], data: object = {}): LiveEvent => ({ cursor: String(++cursor), event: name, data: data as Record<string, unknown> });
const all = (events: LiveEvent[]): Way => events.reduce(after, NO_WAY);
const ids = (way: Way) => way.found.map((one) => one.id);

test('what is found is there once, and goes when it is taken back', () => {
  const way = all([
    event('queued'),
    event('started'),
    event('found', { findings: [found('a'), found('b')], gone: [] }),
    event('found', { findings: [found('b'), found('c')], gone: ['a'] }),
    event('found', { findings: [], gone: ['x'] }),
  ]);
  expect(ids(way)).toEqual(['b', 'c']);
});

test('a review that begins once more has found nothing', () => {
  const before = all([event('started'), event('progress', { step: 'Reading files', done: 1, of: 2 }), event('found', { findings: [found('a')], gone: [] })]);
  expect(after(before, event('started'))).toEqual(NO_WAY);
  const same = after(before, event('finding', { id: 'z' }));
  expect(same).toBe(before);
});

test('the last step is the one under way', () => {
  const way = all([
    event('progress', { step: 'Reading files', done: 1, of: 2 }),
    event('progress', { step: 'Reading files', done: 2, of: 2 }),
    event('progress', { step: 'Asking models', done: 0, of: 1 }),
  ]);
  expect(way.steps).toEqual([
    { step: 'Reading files', done: 2, of: 2 },
    { step: 'Asking models', done: 0, of: 1 },
  ]);
});

test('the worst is first, and what is as bad stays as it came', () => {
  const sorted = worstFirst([found('a', 'low'), found('b', 'high'), found('c', 'critical'), found('d', 'high')]);
  expect(sorted.map((one) => one.id)).toEqual(['c', 'b', 'd', 'a']);
});
