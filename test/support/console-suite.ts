/** The hooks that suites of the console share: a browser, a server, and a new page for each test, in which nothing may have gone wrong at its end. */
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { type OpenPage, openPage, startBrowser } from './browser.ts';
import { ConsolePage } from './console-page.ts';
import { type Forkline, startForkline } from './forkline.ts';

export interface ConsoleSuite {
  readonly forkline: Forkline;
  readonly browser: Browser;
  readonly open: OpenPage;
  readonly page: Page;
  readonly at: ConsolePage;
}

/** Declares the hooks of the suite that calls it. `begun` is called before each test with what the test has. */
export function useConsole(begun: (suite: ConsoleSuite) => void): void {
  let forkline: Forkline;
  let browser: Browser;
  let open: OpenPage;
  before(async function () {
    browser = await startBrowser(this);
    forkline = await startForkline();
  });
  after(async () => {
    await browser?.close();
    await forkline?.stop();
  });
  beforeEach(async () => {
    open = await openPage(browser, `${forkline.url}/`);
    begun({ forkline, browser, open, page: open.page, at: new ConsolePage(open.page) });
  });
  afterEach(async () => {
    const { faults, context } = open;
    await context.close();
    expect(faults, 'errors of scripts, and what the policy of the page refused').to.deep.equal([]);
  });
}
