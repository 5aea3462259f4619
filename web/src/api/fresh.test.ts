import { readFile } from 'node:fs/promises';
import openapi, { astToString } from 'openapi-typescript';
import { expect, test } from 'vitest';

const here = new URL('.', import.meta.url);

test('the client is what the published document says; `npm run api` writes it', async () => {
  const document = new URL('../../../openapi/assay.json', here);
  const made = astToString(await openapi(document));
  const kept = await readFile(new URL('schema.d.ts', here), 'utf8');
  const code = (text: string) => text.slice(text.indexOf('export interface paths'));
  expect(code(kept) === code(made)).toBe(true);
});
