// Starts the real program with a database of its own, and fills it over its API: what the pages are
// looked at with.

import { spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHANGES, largeChange } from './changes.mjs';

export const PROGRAM = process.env.ASSAY_PROGRAM ?? new URL('../../target/debug/assay', import.meta.url).pathname;
const START_MS = 60_000;
const REVIEWS_MS = 180_000;
const WEBHOOK_SECRET = 'a secret of the tests';

/** Waits until something holds; fails when it does not in time. */
export async function until(what, check, limit_ms = 30_000) {
  const end = Date.now() + limit_ms;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what}: not within ${limit_ms} ms`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Starts a server; the returned `stop` ends it and takes its data away. */
export async function start({ database, arguments: more = [], prefix = '' } = {}) {
  const data = mkdtempSync(join(tmpdir(), 'assay-web-'));
  const port = await freePort();
  if (prefix) {
    const config = join(data, 'server.toml');
    writeFileSync(config, `[http]\npath_prefix = "${prefix}"\n`);
    more = [...more, '--server-config', config];
  }
  const given = ['serve', '--data', data, '--listen', `127.0.0.1:${port}`, ...more];
  if (database) given.push('--database', database);
  const environment = { PATH: process.env.PATH, HOME: data, ASSAY_GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET };
  const child = spawn(PROGRAM, given, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (bytes) => (said += bytes));
  child.stderr.on('data', (bytes) => (said += bytes));
  let failed = null;
  const ended = new Promise((done) => {
    child.once('exit', done);
    child.once('error', (why) => {
      failed = why;
      done();
    });
  });
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
    await ended;
    clearTimeout(timer);
    rmSync(data, { recursive: true, force: true });
  };
  try {
    await until(
      'the server',
      () => {
        if (failed) throw new Error(`${PROGRAM} cannot be started (ASSAY_PROGRAM names another): ${failed.message}`);
        if (child.exitCode !== null) throw new Error(`the server ended: ${said}`);
        return /assay listens at/.test(said) && /assay_\w+/.test(said);
      },
      START_MS,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  const key = /assay_\w+/.exec(said)[0];
  return { url: url + prefix, origin: url, key, stop, said: () => said };
}

/** Asks the API; what is refused is an error. */
export async function ask(server, method, path, body, headers = {}) {
  const answer = await fetch(server.origin + path, {
    method,
    headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

/** Sends what a forge would. */
async function webhook(server, body) {
  const signature = createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex');
  const answer = await fetch(`${server.origin}/webhooks/github`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-github-event': 'pull_request', 'x-github-delivery': randomUUID(), 'x-hub-signature-256': `sha256=${signature}` },
    body,
  });
  if (!answer.ok) throw new Error(`the webhook: ${answer.status} ${await answer.text()}`);
}

/** Makes repositories known as a forge does: by a signed webhook. */
async function repositories(server, names) {
  let id = 1000;
  for (const name of names) {
    const sha = 'a'.repeat(40);
    const repository = { id: ++id, name, full_name: `example/${name}`, private: false, default_branch: 'main', html_url: `https://github.com/example/${name}`, clone_url: `https://github.com/example/${name}.git`, owner: { login: 'example', id: 1, type: 'Organization' } };
    const side = (ref) => ({ ref, sha, repo: repository });
    const body = JSON.stringify({
      action: 'opened',
      number: 1,
      pull_request: { number: 1, state: 'open', draft: true, title: 'A change', body: null, html_url: `https://github.com/example/${name}/pull/1`, user: { login: 'reviewer', id: 2, type: 'User' }, base: side('main'), head: side('change'), labels: [] },
      repository,
      sender: { login: 'reviewer', id: 2, type: 'User' },
    });
    await webhook(server, body);
  }
  return until('the repositories', async () => {
    const { items } = await ask(server, 'GET', '/api/v1/repositories');
    return items.length === names.length && new Map(items.map((one) => [one.name, one.id]));
  });
}

/** Fills a server with reviews, people, keys and settings; returns what it made. */
export async function seed(server, { large = false } = {}) {
  const known = await repositories(server, ['shop', 'billing', 'search']);
  const reviews = {};
  for (const change of CHANGES) {
    const wish = { base: 'main', head: change.name, files: change.files, repository: known.get(change.repository) };
    const made = await ask(server, 'POST', '/api/v1/review/analyze', wish, { 'idempotency-key': change.name });
    reviews[change.name] = made.review;
    // One after the other, so that they end in the order in which they were asked for.
    await finished(server, made.review);
  }
  if (large) {
    const made = await ask(server, 'POST', '/api/v1/review/analyze', { base: 'main', head: 'large-import', files: largeChange(), repository: known.get('search') });
    reviews.large = made.review;
    await finished(server, made.review);
  }
  // This server has no way to a forge, so what asks it for a repository is not done; it is stopped.
  const tree = await ask(server, 'POST', '/api/v1/analyze/repository', { repository: known.get('billing'), revision: 'main' });
  await ask(server, 'POST', `/api/v1/tasks/${tree.task}/cancel`);
  const isOver = async () => ['cancelled', 'dead'].includes((await ask(server, 'GET', `/api/v1/tasks/${tree.task}`)).state);
  await until('the end of a task', isOver, REVIEWS_MS);
  const people = [
    ['reviewer', 'Reviewer', 'senior-developer'],
    ['team-lead', 'Team lead', 'team-lead'],
    ['author', 'Author', 'developer'],
  ];
  for (const [login, display_name, role] of people) await ask(server, 'POST', '/api/v1/users', { login, display_name, role });
  await ask(server, 'POST', '/api/v1/teams', { name: 'platform' });
  await ask(server, 'POST', '/api/v1/keys', { name: 'build server', owner: 'organisation', permissions: ['review:read', 'review:run'] });
  await ask(server, 'PUT', '/api/v1/settings/quota', { value: { organisation: { reviews: { day: 500, month: 8000 } } } });
  // What models are told, in two versions, and an experiment with both.
  const { text } = await ask(server, 'GET', '/api/v1/prompts/review');
  const closing = (words) => text.replace('\n=== user\n', `\n\n${words}\n=== user\n`);
  await ask(server, 'POST', '/api/v1/prompts', { text: closing('Prefer one remark that matters to three that might.'), note: 'fewer, better remarks', activate: true });
  await ask(server, 'POST', '/api/v1/prompts', { text: closing('Name the input that makes it fail.'), note: 'ask for the failing input' });
  const judge = await ask(server, 'GET', '/api/v1/prompts/judge');
  await ask(server, 'POST', '/api/v1/prompts', { text: judge.text.replace('\n=== user\n', '\n\nWhen in doubt, it does not hold.\n=== user\n'), note: 'stricter' });
  const experiment = await ask(server, 'POST', '/api/v1/experiments', { prompt: 'judge', title: 'Is the stricter judge the better one?', arms: [{ version: 0 }, { version: 1 }] });
  const talk = [
    ['build server', 'The last build of this branch was green.', null],
    ['reviewer', 'Can `condition` take the value as a parameter instead?', 'injection/sql-injection'],
    ['author', 'Yes. I will bind it, and keep **condition** for the column only.', 'injection/sql-injection'],
  ];
  const { items: found } = await ask(server, 'GET', `/api/v1/findings?review=${reviews['add-login']}`);
  for (const [name, text, rule] of talk) {
    const key = await ask(server, 'POST', '/api/v1/keys', { name, owner: 'organisation', permissions: ['review:read', 'review:discuss'] });
    const fingerprint = found.find(({ finding }) => finding.rule === rule)?.finding.fingerprint ?? null;
    await ask({ ...server, key: key.text }, 'POST', `/api/v1/review/${reviews['add-login']}/messages`, { id: randomUUID(), text, fingerprint });
  }
  return { reviews, repositories: known, experiment: experiment.id };
}

export function finished(server, review) {
  return until(
    `review ${review}`,
    async () => {
      const { review: now } = await ask(server, 'GET', `/api/v1/review/${review}`);
      if (now.state === 'failed') throw new Error(`a review failed: ${now.problem}`);
      return now.state === 'done';
    },
    REVIEWS_MS,
  );
}
