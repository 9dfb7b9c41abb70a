/**
 * A real Chromium, where the machine has one (FORKLINE_CHROMIUM names it, or it is in PATH). Tests that need it are skipped elsewhere,
 * with the reason.
 */

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';

/** The names of domains that end with `.test` are reserved for this (RFC 6761). */
const ARGUMENTS = [
  ...['--no-sandbox', '--disable-dev-shm-usage'],
  '--host-resolver-rules=MAP *.test 127.0.0.1',
];
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** Returns the path of the program; null where there is none. */
function chromiumPath(): string | null {
  const named = process.env.FORKLINE_CHROMIUM;
  if (named !== undefined && named !== '') return named;
  const dirs = (process.env.PATH ?? '').split(delimiter);
  return dirs.flatMap((dir) => NAMES.map((name) => join(dir, name))).find((path) => existsSync(path)) ?? null;
}

/** Starts Chromium; skips the suite where there is none. */
export async function startBrowser(test: Mocha.Context): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath !== null) return await chromium.launch({ executablePath, args: ARGUMENTS });
  console.log('      skipped: chromium is not installed');
  test.skip();
}

/** A page of a browser profile of its own, with what went wrong in it: errors of scripts, and what the page's policy refused. */
export interface OpenPage {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly faults: string[];
}

const WAIT_MS = 60_000;

export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(WAIT_MS);
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(url).origin });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    // An answer with a status of a failure is told on the console as well, and tests make some on purpose.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(message.text());
  });
  await page.goto(url);
  return { page, context, faults };
}
