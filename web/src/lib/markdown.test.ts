import { expect, test } from 'vitest';
import { blocksOf, piecesOf } from './markdown';

test('a line is text, code, strong words and addresses', () => {
  const shown = (text: string) => piecesOf(text).map((one) => (one.kind === 'text' ? one.text : `${one.kind}:${one.text}`)).join('|');
  const cases: [string, string][] = [
    ['a `b` c', 'a |code:b| c'],
    ['``a ` b``', 'code:a ` b'],
    ['a ` b', 'a ` b'],
    ['**no** and * yes', 'strong:no| and * yes'],
    ['see https://example.org/a?b=1.', 'see |link:https://example.org/a?b=1|.'],
    ['(https://example.org)', '(|link:https://example.org|)'],
    ['javascript:alert(1) <b>', 'javascript:alert(1) <b>'],
  ];
  for (const [text, wanted] of cases) expect(shown(text), text).toBe(wanted);
});

test('a text is paragraphs, headings, lists, quotes and code', () => {
  const text = '# One\n\ntwo\nthree\n\n- a\n- b\n  more\n\n1. x\n\n```py bad\nprint()\n\n```\n> said\nlast';
  expect(blocksOf(text)).toEqual([
    { kind: 'heading', pieces: [{ kind: 'text', text: 'One' }] },
    { kind: 'text', pieces: [{ kind: 'text', text: 'two three' }] },
    { kind: 'list', isNumbered: false, items: [[{ kind: 'text', text: 'a' }], [{ kind: 'text', text: 'b more' }]] },
    { kind: 'list', isNumbered: true, items: [[{ kind: 'text', text: 'x' }]] },
    { kind: 'code', language: 'py', text: 'print()\n' },
    { kind: 'quote', pieces: [{ kind: 'text', text: 'said' }] },
    { kind: 'text', pieces: [{ kind: 'text', text: 'last' }] },
  ]);
  expect(blocksOf('a\nb', true)).toEqual([{ kind: 'text', pieces: [{ kind: 'text', text: 'a\nb' }] }]);
  expect(blocksOf('```\nopen')).toEqual([{ kind: 'code', language: '', text: 'open' }]);
  expect(blocksOf('x'.repeat(70_000))[0]!.kind).toBe('code');
});
