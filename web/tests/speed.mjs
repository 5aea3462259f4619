// Measures a review of 300 findings in more than 5,000 lines: how long until it can be used, and how
// many frames a second it scrolls at. For people: machines that do other things besides tell other numbers.
// How long the page's own thread works for a frame depends less on what else a machine does.

import { launch, open, signIn } from './browser.mjs';
import { ask, seed, start } from './server.mjs';

const STEPS = 180;
const STEP_PX = 260;

const server = await start();
const browser = await launch();
try {
  const made = await seed(server, { large: true });
  const { review } = await ask(server, 'GET', `/api/v1/review/${made.reviews.large}`);
  const own = await open(browser);
  await signIn(own.page, server);
  const times = [];
  for (let round = 0; round < 5; round++) {
    await own.page.goto('about:blank');
    await own.page.goto(`${server.url}/reviews/${made.reviews.large}`, { waitUntil: 'commit' });
    await own.page.locator('article').first().waitFor();
    times.push(await own.page.evaluate(() => Math.round(performance.now())));
  }
  times.sort((a, b) => a - b);
  const cdp = await own.context.newCDPSession(own.page);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  const work = async () => (await cdp.send('Performance.getMetrics')).metrics.find((one) => one.name === 'TaskDuration').value;
  const before = await work();
  const frames = await own.page.evaluate(
    ({ steps, px }) =>
      new Promise((done) => {
        const found = [];
        let last = performance.now();
        const step = (now) => {
          found.push(now - last);
          last = now;
          if (found.length > steps) return done(found.slice(1));
          window.scrollBy(0, px);
          requestAnimationFrame(step);
        };
        requestAnimationFrame(step);
      }),
    { steps: STEPS, px: STEP_PX },
  );
  const own_ms = (1000 * ((await work()) - before)) / frames.length;
  frames.sort((a, b) => a - b);
  const rows = await own.page.locator('[data-row]').count();
  const mean = frames.reduce((sum, one) => sum + one, 0) / frames.length;
  console.log(`findings ${review.findings}, rows in the page ${rows}`);
  console.log(`until the first finding is there: median ${times[2]} ms, slowest ${times[4]} ms`);
  console.log(`scrolling: ${(1000 / mean).toFixed(1)} frames a second; 95 % of frames within ${frames[Math.floor(frames.length * 0.95)].toFixed(1)} ms; ${own_ms.toFixed(1)} ms of work for each`);
} finally {
  await browser.close();
  await server.stop();
}
