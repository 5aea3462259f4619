// Takes the pictures in `docs/screens/`: every page, light and dark, and some of them on a phone.

import { mkdirSync } from 'node:fs';
import { launch, open, signIn, visit } from './browser.mjs';
import { largeChange } from './changes.mjs';
import { ask, finished, seed, start } from './server.mjs';

const FOLDER = new URL('../../docs/screens/', import.meta.url).pathname;
const server = await start();
const browser = await launch();
try {
  const made = await seed(server);
  const review = `reviews/${made.reviews['add-login']}`;
  const pages = {
    overview: '',
    reviews: 'reviews',
    review,
    'review-summary': `${review}?tab=summary`,
    'review-metrics': `reviews/${made.reviews['price-tiers']}?tab=metrics`,
    'review-coverage': `${review}?tab=coverage`,
    'review-discussion': `${review}?tab=discussion`,
    findings: 'findings',
    repositories: 'repositories',
    repository: `repositories/${made.repositories.get('search')}`,
    rules: 'rules',
    rule: 'rules/injection/sql-injection',
    suppressions: 'suppressions',
    prompts: 'prompts',
    prompt: 'prompts/review',
    'prompt-compare': 'prompts/review?compare=1..2',
    'prompt-edit': 'prompts/review?edit=true',
    experiments: 'experiments',
    experiment: `experiments/${made.experiment}`,
    teams: 'teams',
    tasks: 'tasks',
    costs: 'costs',
    audit: 'audit',
    people: 'people',
    roles: 'roles',
    keys: 'keys',
    settings: 'settings',
  };
  mkdirSync(FOLDER, { recursive: true });
  const desk = { width: 1280, height: 800 };
  const phone = { width: 360, height: 740 };
  for (const [name, colorScheme, viewport, only] of [
    ['light', 'light', desk, null],
    ['dark', 'dark', desk, null],
    ['phone', 'light', phone, ['overview', 'reviews', 'review', 'review-discussion', 'repository', 'rules', 'rule']],
  ]) {
    const own = await open(browser, { colorScheme, viewport });
    if (!only) {
      await own.page.goto(server.url);
      await own.page.getByLabel('API key').waitFor();
      await own.page.screenshot({ path: `${FOLDER}sign-in-${name}.png` });
    }
    await signIn(own.page, server);
    for (const [page, path] of Object.entries(pages)) {
      if (only && !only.includes(page)) continue;
      await visit(own.page, server, path);
      await own.page.waitForLoadState('networkidle');
      await own.page.screenshot({ path: `${FOLDER}${page}-${name}.png` });
    }
    if (name === 'dark') {
      await visit(own.page, server, review);
      await own.page.getByRole('button', { name: /Walk the path/ }).first().click();
      await own.page.getByRole('button', { name: 'Next', exact: true }).click();
      await own.page.screenshot({ path: `${FOLDER}review-path-${name}.png` });
    }
    await own.context.close();
  }
  // A change that is large enough is read for some seconds, in which its findings come one after the other.
  for (const colorScheme of ['light', 'dark']) {
    const own = await open(browser, { colorScheme, viewport: desk });
    await signIn(own.page, server);
    const files = Array.from({ length: 8 }, (_, part) => largeChange().map((file) => ({ ...file, path: `part${part}/${file.path}` }))).flat();
    const asked = await ask(server, 'POST', '/api/v1/review/analyze', { base: 'main', head: `large-import-${colorScheme}`, files, repository: made.repositories.get('search') });
    await visit(own.page, server, `reviews/${asked.review}`);
    const found = own.page.getByRole('list', { name: 'Findings so far' }).locator('li').first();
    await found.waitFor({ timeout: 20_000 }).then(
      () => own.page.screenshot({ path: `${FOLDER}review-running-${colorScheme}.png` }),
      () => console.log('a running review was done before there was a picture of it'),
    );
    await finished(server, asked.review);
    await own.context.close();
  }
} finally {
  await browser.close();
  await server.stop();
}
