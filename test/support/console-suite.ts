/**
 * The hooks that suites of the console share: a browser, a server with everything that the console has panels for, and a new page for each
 * test, in which nothing may have gone wrong at its end.
 */
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { type OpenPage, openPage, startBrowser } from './browser.ts';
import { ConsolePage } from './console-page.ts';
import { type Forkline, startForkline } from './forkline.ts';
import { type StoreDatabase, storeDatabase } from './store-database.ts';

/** A name of this machine for the browser, which is no secure context by HTTP; browser.ts maps it. */
export const PLAIN_HOST = 'forkline.test';

/** The things that a test has. Its members change with each test, so they are read when they are needed. */
export interface ConsoleSuite {
  forkline: Forkline;
  browser: Browser;
  open: OpenPage;
  page: Page;
  at: ConsolePage;
}

/** Declares the hooks of the suite that calls it, and returns what its tests have. */
export function useConsole(): ConsoleSuite {
  const the = {} as ConsoleSuite;
  let store: StoreDatabase | undefined;
  before(async function () {
    the.browser = await startBrowser(this);
    store = await storeDatabase();
    the.forkline = await startForkline({
      store: { url: store.url },
      jobs: { mode: 'on' },
      // Only what a query asks to be kept is kept.
      cache: { mode: 'on', minMs: 3_600_000 },
      access: { hostNames: [PLAIN_HOST] },
    });
  });
  after(async () => {
    await the.browser?.close();
    await the.forkline?.stop();
    await store?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    the.open = await openPage(the.browser, `${the.forkline.url}/`);
    the.page = the.open.page;
    the.at = new ConsolePage(the.page);
  });
  afterEach(async () => {
    const { faults, context } = the.open;
    await context.close();
    expect(faults, 'errors of scripts, and what the policy of the page refused').to.deep.equal([]);
  });
  return the;
}
