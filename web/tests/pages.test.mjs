// Each page's main path in a real browser against the real program, on each database.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { inspect, launch, open, signIn, visit } from './browser.mjs';
import { CHANGES, FIXABLE } from './changes.mjs';
import { ask, finished, seed, start, until } from './server.mjs';

const DATABASES = { SQLite: undefined };
if (process.env.ASSAY_WEB_POSTGRES) DATABASES.PostgreSQL = process.env.ASSAY_WEB_POSTGRES;

const browser = await launch();
after(() => browser.close());

for (const [name, database] of Object.entries(DATABASES)) {
  describe(name, { concurrency: false }, () => {
    let server;
    let made;
    let tab;
    const see = (text, options) => tab.page.getByText(text, options).first().waitFor();

    before(async () => {
      server = await start({ database });
      made = await seed(server);
      tab = await open(browser);
    });
    after(async () => {
      await tab?.context.close();
      await server?.stop();
    });

    test('signing in takes a key that is one', async () => {
      await tab.page.goto(`${server.url}/reviews`);
      await inspect(tab.page, 'sign in');
      await tab.page.getByLabel('API key').fill('assay_nothing');
      await tab.page.getByRole('button', { name: 'Sign in' }).click();
      await tab.page.getByRole('alert').waitFor();
      await tab.page.getByLabel('API key').fill(server.key);
      await tab.page.getByRole('button', { name: 'Sign in' }).click();
      // Where somebody wanted to go is where they are then.
      await tab.page.getByRole('heading', { name: 'Reviews' }).waitFor();
      const cookies = await tab.context.cookies();
      assert.ok(cookies.some((one) => one.httpOnly && one.sameSite === 'Lax'));
    });

    test('the overview shows what needs somebody', async () => {
      await visit(tab.page, server, '');
      await tab.page.getByRole('link', { name: /add-login/ }).first().click();
      await tab.page.getByRole('heading', { name: 'add-login' }).waitFor();
    });

    test('reviews are filtered, searched and opened by keys', async () => {
      await visit(tab.page, server, 'reviews');
      const rows = tab.page.locator('a[data-review]');
      // One more is of the whole repository.
      assert.equal(await rows.count(), Object.keys(made.reviews).length + 1);
      await tab.page.getByRole('button', { name: 'Passed' }).click();
      await see('tidy-words');
      await until('the filter', async () => (await rows.count()) === 3);
      await tab.page.getByRole('button', { name: 'All' }).click();
      await tab.page.keyboard.press('/');
      await tab.page.keyboard.type('shop');
      await until('the search', async () => (await rows.count()) === 2);
      assert.match(tab.page.url(), /q=shop/);
      await tab.page.getByLabel('Search reviews').blur();
      await tab.page.keyboard.press('j');
      await tab.page.keyboard.press('Enter');
      await tab.page.getByRole('heading', { name: 'add-login' }).waitFor();
    });

    test('a review shows its lines with findings in place', async () => {
      await visit(tab.page, server, `reviews/${made.reviews['add-login']}`);
      const card = tab.page.getByRole('article', { name: /SQL injection/ });
      await card.waitFor();
      await tab.page.reload();
      await card.waitFor();
      await see('connect().execute(query).fetchone()');
      await card.getByRole('button', { name: /Walk the path/ }).click();
      const path = tab.page.getByRole('region', { name: 'The path of the finding' });
      await path.getByText(/Step 1 of/).waitFor();
      await path.getByRole('button', { name: 'Next' }).click();
      await path.getByText(/Step 2 of/).waitFor();
      await tab.page.keyboard.press(']');
      await path.getByText(/Step 3 of/).waitFor();
      await inspect(tab.page, 'a review with a path');
      await tab.page.keyboard.press('Escape');
      await path.waitFor({ state: 'detached' });
    });

    test('the findings of a review are listed, the worst first, and lead to their lines', async () => {
      await visit(tab.page, server, `reviews/${made.reviews['add-login']}`);
      await see('Gate: no new finding of severity high or worse');
      const listed = tab.page.locator('aside button[title]').filter({ hasText: 'app.py:' });
      await listed.first().waitFor();
      assert.match(await listed.first().innerText(), /SQL injection/);
      await listed.filter({ hasText: 'Weak hash' }).click();
      await tab.page.locator('article:focus').and(tab.page.getByRole('article', { name: /Weak hash/ })).waitFor();
    });

    test('a finding is accepted, or rejected with a reason, and stays so', async () => {
      await visit(tab.page, server, `reviews/${made.reviews['add-login']}`);
      const injection = tab.page.getByRole('article', { name: /SQL injection/ });
      await injection.getByRole('button', { name: 'Accept' }).click();
      await injection.getByText('Accepted', { exact: true }).waitFor();
      await tab.page.keyboard.press('j');
      await tab.page.keyboard.press('j');
      const other = tab.page.locator('article:focus');
      await other.waitFor();
      const id = await other.getAttribute('id');
      await tab.page.keyboard.press('x');
      const form = tab.page.locator(`#${id} form`);
      assert.ok(await form.getByRole('button', { name: 'Reject' }).isDisabled());
      await form.getByRole('textbox').fill('a constant of ours');
      await form.getByRole('button', { name: 'Reject' }).click();
      await tab.page.locator(`#${id}`).getByText('Rejected', { exact: true }).waitFor();
      await tab.page.reload();
      await tab.page.locator(`#${id}`).getByText(/a constant of ours/).waitFor();
    });

    test('two who look at a review see each other, where they are and what they say', async () => {
      const review = made.reviews['render-on-request'];
      const keys = [];
      for (const name of ['first', 'second']) {
        const { text } = await ask(server, 'POST', '/api/v1/keys', { name, owner: 'organisation', permissions: ['organisation:read', 'repository:read', 'review:read', 'review:discuss'] });
        keys.push(text);
      }
      const [one, two] = [await open(browser), await open(browser)];
      try {
        for (const [own, key] of [[one, keys[0]], [two, keys[1]]]) {
          await signIn(own.page, { ...server, key });
          await visit(own.page, server, `reviews/${review}`);
          await own.page.locator('[data-live=live]').waitFor();
        }
        for (const own of [one, two]) {
          await until('the other one', async () => (await own.page.getByRole('list', { name: 'Who else is here' }).getByRole('listitem').count()) === 1);
        }
        // Where one looks, the other sees.
        await one.page.keyboard.press('j');
        const card = one.page.locator('article:focus');
        await card.waitFor();
        const id = await card.getAttribute('id');
        await two.page.locator(`#${id} [data-watcher]`).waitFor();
        // What one says about a finding stands at the finding of the other.
        await one.page.keyboard.press('c');
        await one.page.getByLabel('Comment on this finding').fill('Is `name` checked before?');
        await one.page.keyboard.press('Control+Enter');
        await one.page.locator(`#${id} [data-message="1"]`).waitFor();
        await two.page.locator(`#${id} [data-message="1"]`).getByText('name', { exact: true }).waitFor();
        await inspect(two.page, 'a review with a discussion');
        // What is said while one has no network is sent when there is one, once, and what the
        // other said meanwhile is not missed.
        await two.page.keyboard.press('d');
        await one.context.setOffline(true);
        await one.page.locator('[data-live=offline]').waitFor();
        await one.page.keyboard.press('d');
        await one.page.getByLabel('Say something about this review').fill('said without a network');
        await one.page.getByRole('button', { name: 'Comment' }).click();
        await one.page.getByText('Waits for a connection').waitFor();
        await two.page.getByLabel('Say something about this review').fill('said meanwhile');
        await two.page.keyboard.press('Control+Enter');
        await two.page.locator('[data-message="2"]').waitFor();
        await one.context.setOffline(false);
        await one.page.locator('[data-live=live]').waitFor();
        for (const own of [one, two]) {
          await own.page.locator('[data-message="3"]').getByText('said without a network').waitFor();
          const numbers = await own.page.locator('[data-message]').evaluateAll((all) => all.map((row) => row.dataset.message));
          assert.deepEqual(numbers, ['1', '2', '3']);
          assert.equal(await own.page.locator('[data-draft]').count(), 0);
        }
        const kept = await ask(server, 'GET', `/api/v1/review/${review}/messages`);
        assert.deepEqual(kept.items.map((message) => message.number), [1, 2, 3]);
        // A message leads to the finding that it is about.
        await two.page.locator('[data-message="1"]').getByRole('link').click();
        await two.page.locator(`#${id}`).waitFor();
        assert.deepEqual(one.complaints.filter((text) => !/ERR_INTERNET_DISCONNECTED|WebSocket/.test(text)), []);
        assert.deepEqual(two.complaints, []);
      } finally {
        await one.context.close();
        await two.context.close();
      }
    });

    test('a review is followed while it runs', async () => {
      const own = await open(browser);
      try {
        await signIn(own.page, server);
        const asked = await ask(server, 'POST', '/api/v1/review/analyze', { head: 'followed', files: CHANGES.find((one) => one.name === 'render-on-request').files });
        await visit(own.page, server, `reviews/${asked.review}`);
        await own.page.locator('[data-live=live]').waitFor();
        await own.page.locator('article').first().waitFor();
        assert.deepEqual(own.complaints, []);
      } finally {
        await own.context.close();
      }
    });

    test('a fix is shown as what it makes of the lines', async () => {
      const asked = await ask(server, 'POST', '/api/v1/review/analyze', { head: 'with-a-fix', files: FIXABLE });
      await finished(server, asked.review);
      await visit(tab.page, server, `reviews/${asked.review}`);
      const button = tab.page.getByRole('button', { name: 'Fix and evidence' }).first();
      await button.click();
      const fix = tab.page.getByRole('region', { name: 'Fix' }).first();
      await fix.getByText(/assay fix --apply/).waitFor();
      await inspect(tab.page, 'a fix');
    });

    test('a review made without a model says so', async () => {
      await visit(tab.page, server, `reviews/${made.reviews['price-tiers']}?tab=model`);
      await see('No model was asked');
    });

    test('rules are those of the program, searched and opened', async () => {
      await visit(tab.page, server, 'rules');
      await tab.page.getByLabel('Search rules').fill('sql injection');
      const link = tab.page.locator('a[href="rules/injection/sql-injection"]');
      await link.waitFor();
      await link.click();
      await see('Found in 90 days');
      await see('Reported', { exact: true });
      assert.match(tab.page.url(), /rules\/injection\/sql-injection$/);
      await tab.page.reload();
      await see('Found in 90 days');
    });

    test('suppressions have their reasons', async () => {
      await visit(tab.page, server, 'suppressions');
      await see('“The listing is public”');
      await tab.page.getByRole('tab', { name: 'Rejected' }).click();
      await see('“a constant of ours”');
      await tab.page.getByRole('tab', { name: 'Unused and expired' }).click();
      await see(/Every suppression is in use|silences nothing|suppression/);
    });

    test('a team has its figures', async () => {
      await visit(tab.page, server, 'teams');
      await tab.page.getByRole('link', { name: 'platform' }).click();
      await see('Reviews open now');
      await see('Nobody is in the team.');
    });

    test('a link to a finding leads to it', async () => {
      await visit(tab.page, server, 'findings');
      await tab.page.getByLabel('Search findings').fill('redirect');
      await tab.page.locator('#main a[href^="reviews/"]').first().click();
      await tab.page.getByRole('article', { name: /redirect/i }).waitFor();
    });

    test('a review has its summary, metrics and coverage', async () => {
      await visit(tab.page, server, `reviews/${made.reviews['price-tiers']}`);
      await tab.page.getByRole('tab', { name: 'Metrics' }).click();
      await tab.page.getByRole('cell', { name: 'Cognitive', exact: true }).waitFor();
      await tab.page.getByRole('tab', { name: 'Summary' }).click();
      await tab.page.getByRole('heading', { name: 'Gate' }).waitFor();
      await tab.page.getByRole('tab', { name: 'Coverage' }).click();
      await see('Nothing that should have been read was left out.');
    });

    test('a repository shows how it went', async () => {
      await visit(tab.page, server, 'repositories');
      await tab.page.getByRole('link', { name: 'example/search' }).click();
      await tab.page.getByRole('img', { name: /Score/ }).waitFor();
      await tab.page.getByRole('button', { name: 'Table' }).click();
      await tab.page.getByRole('columnheader', { name: 'Value' }).waitFor();
      await tab.page.getByRole('heading', { name: 'Hot spots' }).waitFor();
    });

    test('what was given up is tried again', async () => {
      await visit(tab.page, server, 'tasks?state=dead');
      await tab.page.getByRole('button', { name: 'All' }).click();
      await tab.page.getByRole('button', { name: 'Retry' }).click();
      await see('It waits again, with all its attempts.');
    });

    test('people are added, and their roles changed', async () => {
      await visit(tab.page, server, 'people');
      await tab.page.getByRole('button', { name: 'Add a person' }).click();
      await tab.page.getByLabel('Login').fill('operator-2');
      await inspect(tab.page, 'a dialog');
      await tab.page.getByRole('button', { name: 'Add', exact: true }).click();
      const role = tab.page.getByLabel('Role of operator-2');
      await role.selectOption('team-lead');
      await see('The role is changed.');
      const { items } = await ask(server, 'GET', '/api/v1/users');
      assert.equal(items.find((one) => one.login === 'operator-2').role, 'team-lead');
    });

    test('a key is made, shown once and revoked', async () => {
      await visit(tab.page, server, 'keys');
      await tab.page.getByRole('button', { name: 'Make a key' }).click();
      await tab.page.getByLabel('Name').fill('nightly');
      await tab.page.getByRole('button', { name: 'Make it' }).click();
      const text = await tab.page.getByRole('textbox', { name: 'The new key' }).inputValue();
      assert.match(text, /^assay_/);
      await tab.page.getByRole('button', { name: 'Done' }).click();
      const row = tab.page.getByRole('row').filter({ hasText: 'nightly' });
      await row.getByRole('button', { name: 'Revoke' }).click();
      await tab.page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
      await row.getByText('revoked').waitFor();
    });

    test('settings are changed, and the theme', async () => {
      await visit(tab.page, server, 'settings');
      await tab.page.getByRole('button', { name: 'Edit' }).first().click();
      await tab.page.getByLabel('Value, as JSON').fill('{');
      await tab.page.getByRole('button', { name: 'Keep it' }).click();
      await see(/This is no JSON/);
      await tab.page.getByLabel('Value, as JSON').fill('{"organisation": {"reviews": {"day": 400}}}');
      await tab.page.getByRole('button', { name: 'Keep it' }).click();
      await see('The setting is kept.');
      await tab.page.getByLabel('Dark').check();
      assert.equal(await tab.page.evaluate(() => document.documentElement.dataset.theme), 'dark');
      await tab.page.reload();
      assert.equal(await tab.page.evaluate(() => document.documentElement.dataset.theme), 'dark');
      await tab.page.getByLabel('System').check();
    });

    test('the audit log is whole, and costs and roles are shown', async () => {
      await visit(tab.page, server, 'audit');
      await see(/entries are as they were written/);
      await visit(tab.page, server, 'costs');
      await see('No model was asked');
      await visit(tab.page, server, 'roles');
      await tab.page.getByRole('rowheader', { name: 'finding:judge' }).waitFor();
    });

    test('lists are saved as files', async () => {
      await visit(tab.page, server, 'reviews');
      await tab.page.getByRole('button', { name: 'Export' }).click();
      const [download] = await Promise.all([tab.page.waitForEvent('download'), tab.page.getByRole('menuitem', { name: 'CSV' }).click()]);
      assert.equal(download.suggestedFilename(), 'reviews.csv');
    });

    test('a prompt is written, checked at its line, compared, used and rolled back', async () => {
      await visit(tab.page, server, 'prompts');
      await tab.page.getByRole('link', { name: /^coder/ }).click();
      await tab.page.getByRole('heading', { name: 'coder', exact: true }).waitFor();
      await tab.page.getByRole('button', { name: 'Write the next version' }).click();
      const editor = tab.page.getByLabel('The next version');
      const text = await editor.inputValue();
      const [head, user] = text.split('\n=== user\n');
      const line = head.split('\n').length + 1;
      await editor.fill(`${head}\nLook at {{ file }}.\n=== user\n${user}`);
      await tab.page.getByRole('button', { name: `Line ${line}` }).click();
      await see(/did you mean `files`/);
      const isRight = await editor.evaluate((area) => area.value.slice(area.selectionStart, area.selectionEnd));
      assert.equal(isRight, 'Look at {{ file }}.');
      const keep = tab.page.getByRole('button', { name: 'Keep version 1' });
      assert.ok(await keep.isDisabled());
      await editor.fill(`${head}\nBe brief.\n=== user\n${user}`);
      await see('can be kept');
      await tab.page.getByLabel('A note on this version').fill('shorter answers');
      await keep.click();
      await see('Version 1 is kept and used by the next review.');
      await see('coder@1 of the organisation');
      await tab.page.getByRole('button', { name: /^Compare/ }).first().click();
      await tab.page.getByRole('region', { name: 'What differs' }).getByText('Be brief.').waitFor();
      await tab.page.getByRole('button', { name: 'Roll back to as it came' }).click();
      await see('Back to as it came, from the next review on.');
      await tab.page.getByRole('button', { name: /^Use it.*version 1$/ }).click();
      await see('Version 1 is used by the next review.');
    });

    test('an experiment is started, told in a sentence, and its winner taken', async () => {
      await visit(tab.page, server, 'experiments');
      await tab.page.getByRole('button', { name: 'Start an experiment' }).click();
      const dialog = tab.page.getByRole('dialog');
      await dialog.getByLabel('What do you want to find out?').fill('Does the failing input help?');
      await dialog.getByLabel('Prompt').selectOption({ label: 'review, for all models' });
      await dialog.getByLabel('Version of arm A').selectOption('1');
      await dialog.getByLabel('Version of arm B').selectOption('2');
      await dialog.getByRole('button', { name: 'Start', exact: true }).click();
      await tab.page.getByRole('heading', { name: 'Does the failing input help?' }).waitFor();
      await see(/Too little data: A has 0 and B has 0 of the 170 independent judgements/);
      // While it runs nothing is activated, and the refusal says why.
      await visit(tab.page, server, 'prompts/review');
      await tab.page.getByRole('button', { name: /^Use it.*version 2$/ }).click();
      await see('an experiment runs with this prompt; stop it first');
      await visit(tab.page, server, 'experiments');
      await tab.page.getByRole('link', { name: /Does the failing input help/ }).click();
      await tab.page.getByRole('button', { name: 'Take B' }).click();
      await see('B is used from the next review on.');
      await see('taken');
      const { prompt } = await ask(server, 'GET', '/api/v1/prompts/review');
      assert.equal(prompt.active, 2);
    });

    test('keys lead through the pages, and the list of them is shown', async () => {
      await visit(tab.page, server, '');
      await tab.page.keyboard.press('g');
      await tab.page.keyboard.press('t');
      await tab.page.getByRole('heading', { name: 'Tasks' }).waitFor();
      await tab.page.keyboard.press('?');
      await tab.page.getByRole('dialog').getByText('Go to Reviews').waitFor();
      await tab.page.keyboard.press('Escape');
      await tab.page.getByRole('dialog').waitFor({ state: 'detached' });
    });

    test('every page is accessible, in the dark and in the light, on a phone', async () => {
      const review = `reviews/${made.reviews['add-login']}`;
      const { items: teams } = await ask(server, 'GET', '/api/v1/teams');
      const pages = ['', 'reviews', review, `${review}?tab=summary`, `${review}?tab=metrics`, `${review}?tab=coverage`, `${review}?tab=model`, `${review}?tab=discussion`, 'findings', 'repositories', `repositories/${made.repositories.get('search')}`, 'teams', `teams/${teams[0].id}`, 'rules', 'rules/injection/sql-injection', 'suppressions', 'suppressions?tab=rejected', 'suppressions?tab=stale', 'prompts', 'prompts/review', 'prompts/review?compare=0..2', 'prompts/review?version=2', 'prompts/review?edit=true', 'experiments', `experiments/${made.experiment}`, 'tasks', 'costs', 'audit', 'people', 'roles', 'keys', 'settings', 'nowhere'];
      for (const [colorScheme, viewport] of [['light', { width: 1360, height: 860 }], ['dark', { width: 360, height: 760 }]]) {
        const own = await open(browser, { colorScheme, viewport });
        await signIn(own.page, server);
        for (const path of pages) {
          await visit(own.page, server, path);
          await inspect(own.page, `${path || 'overview'} (${colorScheme})`);
        }
        assert.deepEqual(own.complaints, []);
        await own.context.close();
      }
    });

    test('signing out ends it', async () => {
      await visit(tab.page, server, '');
      await tab.page.getByRole('button', { name: 'Sign out' }).click();
      await tab.page.getByLabel('API key').waitFor();
      assert.deepEqual(tab.complaints, []);
    });
  });
}

describe('below a path', () => {
  test('pages, links and files work', async () => {
    const server = await start({ prefix: '/tools/assay' });
    const own = await open(browser);
    try {
      const made = await ask(server, 'POST', '/api/v1/review/analyze', { head: 'one', files: [{ path: 'a.py', head: 'x = 1\n' }] });
      await finished(server, made.review);
      await signIn(own.page, server);
      await own.page.getByRole('link', { name: 'Reviews', exact: true }).click();
      await own.page.locator('a[data-review]').first().click();
      await own.page.getByRole('heading', { name: 'one' }).waitFor();
      assert.equal(new URL(own.page.url()).pathname, `/tools/assay/reviews/${made.review}`);
      await own.page.reload();
      await own.page.getByRole('heading', { name: 'one' }).waitFor();
      assert.deepEqual(own.complaints, []);
    } finally {
      await own.context.close();
      await server.stop();
    }
  });

  test('files are packed and kept, the document is not, and mistakes are told', async () => {
    const server = await start();
    try {
      const get = (path, headers = {}) => fetch(server.origin + path, { headers });
      const document = await get('/reviews/some');
      assert.equal(document.headers.get('cache-control'), 'no-cache');
      const policy = document.headers.get('content-security-policy');
      assert.match(policy, /script-src 'self'/);
      assert.doesNotMatch(policy, /unsafe/);
      const [, script] = /src="\.\/(assets\/[^"]+\.js)"/.exec(await document.text());
      for (const [accepted, encoding] of [['br', 'br'], ['gzip', 'gzip'], ['identity', null]]) {
        const file = await get(`/${script}`, { 'accept-encoding': accepted });
        assert.equal(file.headers.get('content-encoding'), encoding);
        assert.match(file.headers.get('cache-control'), /immutable/);
        await file.arrayBuffer();
        const again = await get(`/${script}`, { 'if-none-match': file.headers.get('etag') });
        assert.equal(again.status, 304);
      }
      for (const path of ['/api/v1/nothing', '/api', '/assets/nothing.js', '/auth/nothing', '/health/nothing']) {
        const refused = await get(path);
        assert.equal(refused.status, 404, path);
        assert.match(refused.headers.get('content-type'), /problem\+json/);
      }
    } finally {
      await server.stop();
    }
  });
});
