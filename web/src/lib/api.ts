// The typed client of the server. `src/api/schema.d.ts` is generated from `openapi/assay.json`.

import createClient, { type Middleware } from 'openapi-fetch';
import type { components, paths } from '../api/schema';

export type Schemas = components['schemas'];
export type Review = Schemas['Review'];
export type Finding = Schemas['Finding'];
export type Feedback = Schemas['Feedback'];
export type Task = Schemas['Task'];
export type Repository = Schemas['Repository'];

const base = new URL(document.baseURI).pathname.replace(/\/$/, '');

let csrfToken = '';
let onSignedOut: () => void = () => {};

/** Says what is sent with whatever changes something. */
export function setCsrfToken(token: string): void {
  csrfToken = token;
}

/** Says what happens when the server does not know the session any more. */
export function whenSignedOut(act: () => void): void {
  onSignedOut = act;
}

const session: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET' && csrfToken) request.headers.set('x-csrf-token', csrfToken);
    return request;
  },
  onResponse({ response, schemaPath }) {
    if (response.status === 401 && schemaPath !== '/api/v1/auth/session') onSignedOut();
    return undefined;
  },
};

export const api = createClient<paths>({ baseUrl: base, credentials: 'same-origin' });
api.use(session);

/** A refusal of the server, in its words. */
export class Refused extends Error {
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Returns what was answered, or throws the refusal. */
export async function told<T>(asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch {
    throw new Refused(0, 'The server cannot be reached.');
  }
  const { data, error, response } = answer;
  if (!response.ok) {
    const detail = (error as { detail?: string } | undefined)?.detail;
    throw new Refused(response.status, detail ?? `The server answered ${response.status}.`);
  }
  return data as T;
}

interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}

/** Reads a list to its end, page by page; stops after so many items. */
export async function all<T>(
  page: (cursor: string | undefined) => Promise<Page<T>>,
  itemsMax = 2_000,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const read = await page(cursor);
    items.push(...read.items);
    cursor = read.next_cursor ?? undefined;
  } while (cursor && items.length < itemsMax);
  return items;
}
