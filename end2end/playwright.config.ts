import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

/**
 * Debian's Chromium where there is one, otherwise the one that Playwright installs: the headless shell, which takes
 * less of the machine than the whole browser.
 */
const chromium = [process.env.CHROMIUM_PATH, '/usr/bin/chromium-headless-shell'].find(
  (path) => path !== undefined && existsSync(path),
);

/**
 * Files that the run with Redis and PostgreSQL leaves out. Their tests are about what a page looks
 * like, about what a browser does by itself, or about a Kith that they start with a file. A test
 * whose result can depend on the database, on Redis or on the state of the server does not belong
 * there.
 */
const ONCE = /\.once\./;
const leftOut = process.env.PLAYWRIGHT_AGAIN === undefined ? [] : [ONCE];

/**
 * `cargo xtask e2e` starts a server with an empty address book, and runs
 * this. Then it does so with a server that has Redis and PostgreSQL, and leaves out what `ONCE`
 * matches. A file says in its name where its tests run:
 *
 * - `x.spec.ts`: in a wide window, with the page alive;
 * - `x.any.spec.ts`: there, on a narrow touch screen, and in a browser that runs no scripts;
 * - `x.no-js.spec.ts`, `x.narrow.spec.ts`: in one of those only;
 * - `x.fresh.spec.ts`: before all others, while there is no contact yet;
 * - `x.once.spec.ts`, `x.once.any.spec.ts`, …: with the first server only.
 *
 * The tests of the queue start a Kith of their own: the program that `PLAYWRIGHT_KITH` names,
 * otherwise `target/release/kith`.
 *
 * With a server that is not fresh: `npx playwright test --no-deps --project=hydrated`.
 */
export default defineConfig({
  testDir: 'tests',
  outputDir: '../target/e2e-results',
  forbidOnly: Boolean(process.env.CI),
  // A test that passes the second time only has found something, or is wrong itself.
  retries: 0,
  workers: 2,
  fullyParallel: true,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    baseURL: process.env.PLAYWRIGHT_BASE_URL ?? 'http://127.0.0.1:3000',
    // A trace doubles what a test takes: `--trace on` repeats a failure with one.
    trace: 'off',
    viewport: { width: 1280, height: 800 },
    launchOptions: {
      ...(chromium === undefined ? {} : { executablePath: chromium }),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  projects: [
    { name: 'fresh', testMatch: /\.fresh\.spec\.ts$/ },
    {
      name: 'hydrated',
      testMatch: /\.spec\.ts$/,
      testIgnore: [/\.(no-js|narrow|fresh)\.spec\.ts$/, ...leftOut],
      dependencies: ['fresh'],
    },
    {
      name: 'no-js',
      testMatch: /\.(any|no-js)\.spec\.ts$/,
      testIgnore: leftOut,
      use: { javaScriptEnabled: false },
      dependencies: ['fresh'],
    },
    {
      name: 'narrow',
      testMatch: /\.(any|narrow)\.spec\.ts$/,
      testIgnore: leftOut,
      use: { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
      dependencies: ['fresh'],
    },
  ],
});
