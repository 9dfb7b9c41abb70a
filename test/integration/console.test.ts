/** The console in a real browser, on a server with a table of flights: what people do there, from the first letter to a link. */
import AxeBuilder from 'axe-core';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { type OpenPage, openPage, startBrowser } from '../support/browser.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';

const SERIES = "select g as n, 'row ' || g as label, g * 1.5 as half from generate_series(1, 3) g";
const BY_HOUR = `select g % 24 as hour, avg(g % 7)::float8 as delay from generate_series(1, 1000) g group by 1 | sort hour`;

describe('the console', function () {
  this.timeout(120_000);
  let forkline: Forkline;
  let browser: Browser;
  let open: OpenPage;
  let page: Page;
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
    page = open.page;
  });
  afterEach(async () => {
    const { faults, context } = open;
    await context.close();
    expect(faults, 'errors of scripts, and what the policy of the page refused').to.deep.equal([]);
  });

  async function write(text: string): Promise<void> {
    await page.locator('.cm-content').click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.press('Delete');
    await page.keyboard.insertText(text);
  }
  async function run(text: string): Promise<void> {
    await write(text);
    await page.keyboard.press('ControlOrMeta+Enter');
    await ended();
  }
  async function ended(): Promise<void> {
    await page.locator('.state.done, .state.failed, .state.cancelled').waitFor();
  }
  const cells = (row: number) =>
    page.locator(`[role=row][aria-rowindex="${row}"] [role=gridcell]`).allInnerTexts();
  const status = () => page.locator('.status').innerText();

  it('runs what is written, and shows its rows with their types', async () => {
    await run(SERIES);
    expect(await status()).to.match(/^3 rows in \d+ ms/);
    expect(await cells(2)).to.deep.equal(['1', 'row 1', '1.5']);
    expect(await page.locator('[role=columnheader]').allInnerTexts()).to.deep.equal([
      'n int64',
      'label string',
      'half decimal',
    ]);
  });

  it('shows null, an empty text and exact numbers as they are', async () => {
    await run(
      "select null::text as a, '' as b, 9007199254740993 as c, 0.10::numeric(5,2) as d, '<b>x</b>' as e",
    );
    expect(await cells(2)).to.deep.equal(['null', 'empty', '9007199254740993', '0.10', '<b>x</b>']);
    expect(await page.locator('.cell.null').count()).to.equal(1);
    expect(await page.locator('.cell.empty').count()).to.equal(1);
  });

  it('completes columns where they are known, from the keyboard', async () => {
    await write(`${SERIES} | where lab`);
    await page.keyboard.press('Control+Space');
    await page.locator('.cm-tooltip-autocomplete li').first().waitFor();
    expect(await page.locator('.cm-tooltip-autocomplete li').first().innerText()).to.contain('label');
    await page.keyboard.press('Enter');
    expect(await page.locator('.cm-content').innerText()).to.match(/\| where label$/);
  });

  it('underlines a mistake, and mends it by one click', async () => {
    await write(`${SERIES} | stats sum(half) by labell`);
    await page.locator('.cm-lintRange-error').waitFor();
    expect(await page.locator('.cm-lintRange-error').innerText()).to.equal('labell');
    await page.locator('.cm-lintRange-error').hover();
    await page.locator('.cm-diagnosticAction', { hasText: 'label' }).click();
    expect(await page.locator('.cm-content').innerText()).to.match(/by label$/);
  });

  it('says what failed, where, and how to mend it', async () => {
    await run(`${SERIES} | where nosuch = 1`);
    expect(await status()).to.match(/unknown-column.*nosuch/s);
    expect(await page.locator('[role=alert]').count()).to.equal(1);
  });

  it('runs up to the stage at the cursor', async () => {
    await write(`${SERIES} | where n > 1 | stats count() as many`);
    await page.locator('.placed').first().waitFor();
    for (let step = 0; step < 'stats count() as many'.length + 2; step++)
      await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ControlOrMeta+Shift+Enter');
    await ended();
    expect(await status()).to.match(/^2 rows/);
  });

  it('marks each stage with the place where it runs, and shows the plan with its SQL', async () => {
    await write(`${SERIES}\n| where n > 1\n| sql select n from input`);
    await page.locator('.placed-source').waitFor();
    await page.locator('.placed-worker').waitFor();
    await page.getByRole('tab', { name: 'Plan' }).click();
    expect(await page.locator('.plan td').allInnerTexts()).to.include.members([
      'where',
      'database',
      'sql',
      'worker',
    ]);
    expect(await page.locator('.plan pre').first().innerText()).to.contain('generate_series');
  });

  it('formats, and goes back by undo', async () => {
    await write('select 1 as a|head 1');
    await page.keyboard.press('Shift+Alt+f');
    await page.locator('.cm-line', { hasText: '| head 1' }).waitFor();
    await page.keyboard.press('ControlOrMeta+z');
    expect(await page.locator('.cm-content').innerText()).to.equal('select 1 as a|head 1');
  });

  it('has a field for each parameter of the text', async () => {
    await write("select :least + 1 as a, ':none' as b, 1::int as c");
    await page.getByLabel(':least').fill('41');
    expect(await page.locator('.parameters label').count()).to.equal(1);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await ended();
    expect((await cells(2))[0]).to.equal('42');
  });

  it('draws a chart that fits, and a link shows it again elsewhere', async () => {
    await run(BY_HOUR);
    await page.getByRole('tab', { name: 'Chart' }).click();
    await page.getByRole('img', { name: 'delay over hour' }).locator('canvas').waitFor();
    await page.getByRole('button', { name: 'Copy link' }).click();
    await page.getByText('The link is copied').waitFor();
    const link = await page.evaluate<string>('navigator.clipboard.readText()');
    const other = await openPage(browser, link);
    expect(await other.page.locator('.cm-content').innerText()).to.contain('group by 1 | sort hour');
    await other.page.getByRole('button', { name: 'Run', exact: true }).click();
    await other.page.getByRole('img', { name: 'delay over hour' }).locator('canvas').waitFor();
    await other.context.close();
    expect(other.faults).to.deep.equal([]);
  });

  it('scrolls through a million rows', async () => {
    await run('select g as n, g * 2 as twice from generate_series(1, 1000000) g');
    expect(await status()).to.match(/^1000000 rows/);
    await page.locator('.grid').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Control+End');
    await page.locator('[role=row][aria-rowindex="1000001"]').waitFor();
    expect(await cells(1_000_001)).to.deep.equal(['1000000', '2000000']);
  });

  it('draws only what is visible of 2,000 columns', async () => {
    const columns = Array.from({ length: 1500 }, (_, index) => `${index} as c${index}`).join(', ');
    await run(`select ${columns}`);
    expect(await page.locator('[role=columnheader]').count()).to.be.within(5, 60);
    await page.locator('.grid').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('End');
    await page.locator('[role=gridcell][aria-colindex="1500"]').waitFor();
  });

  it('copies rows as CSV, JSON and Markdown', async () => {
    await run("select 1 as a, 'x|y' as b, null as c");
    const copied = async (name: string) => {
      await page.getByRole('button', { name: `Copy ${name}` }).click();
      await page.getByText('1 rows are copied').waitFor();
      return await page.evaluate<string>('navigator.clipboard.readText()');
    };
    expect(await copied('CSV')).to.equal('a,b,c\r\n1,x|y,\r\n');
    expect(JSON.parse(await copied('JSON'))).to.deep.equal([{ a: 1, b: 'x|y', c: null }]);
    expect(await copied('MARKDOWN')).to.equal('| a | b | c |\n| ---: | --- | --- |\n| 1 | x\\|y |  |\n');
  });

  it('says what a column holds', async () => {
    await run('select nullif(g % 4, 0) as part from generate_series(1, 100) g');
    await page.getByRole('button', { name: 'part int64' }).click();
    await page.locator('.summary dd').first().waitFor();
    expect(await page.locator('.summary dd').allInnerTexts()).to.deep.equal([
      '100',
      '25',
      '3',
      '1',
      '2.00000',
      '3',
    ]);
  });

  it('cancels a query in the database as well', async () => {
    await write('select pg_sleep(60)::text');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('.state.running').waitFor();
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.locator('.state.cancelled').waitFor();
    await page.getByRole('tab', { name: 'Server' }).click();
    await page.locator('tr', { hasText: 'pg_sleep(60)' }).filter({ hasText: 'cancelled' }).first().waitFor();
  });

  it('kills a query that another client runs, and tells its story', async () => {
    const other = forkline.query('select pg_sleep(50)::text');
    await page.getByRole('tab', { name: 'Server' }).click();
    const line = page.locator('tr', { hasText: 'pg_sleep(50)' });
    await line.getByRole('button', { name: 'Cancel this query' }).click();
    expect((await other).status).to.equal(499);
    await line.getByRole('button', { name: /pg_sleep/ }).click();
    await page
      .locator('.story li', { hasText: 'query-cancelled' })
      .or(page.locator('.story li', { hasText: 'cancelled' }))
      .first()
      .waitFor();
  });

  it('keeps tabs and history in the browser', async () => {
    await run(SERIES);
    await page.getByRole('button', { name: 'New query' }).click();
    await write('select 2 as two');
    await page.reload();
    expect(await page.locator('[role=tablist] .tab').count()).to.equal(2);
    await page.getByRole('tab', { name: 'History' }).click();
    expect(await page.locator('.history code').allInnerTexts()).to.deep.equal([SERIES]);
  });

  it('takes Hangul from an input method without losing or doubling letters', async () => {
    await write('');
    const session = await open.context.newCDPSession(page);
    for (const text of ['ㅎ', '하', '한'])
      await session.send('Input.imeSetComposition', {
        text,
        selectionStart: text.length,
        selectionEnd: text.length,
      });
    await session.send('Input.insertText', { text: '한' });
    for (const text of ['ㄱ', '그', '글'])
      await session.send('Input.imeSetComposition', {
        text,
        selectionStart: text.length,
        selectionEnd: text.length,
      });
    await session.send('Input.insertText', { text: '글' });
    expect(await page.locator('.cm-content').innerText()).to.equal('한글');
  });

  it('speaks Korean', async () => {
    await page.getByRole('button', { name: '한국어' }).click();
    await page.getByRole('button', { name: '실행', exact: true }).waitFor();
    expect(await page.evaluate<string>('document.documentElement.lang')).to.equal('ko');
  });

  it('says so when the server is away, and goes on when it is back', async () => {
    await open.context.setOffline(true);
    await run(SERIES);
    expect(await status()).to.contain('The server does not answer');
    await open.context.setOffline(false);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('.state.done').waitFor();
  });

  for (const theme of ['light', 'dark'] as const)
    it(`has nothing serious that axe finds, ${theme}`, async () => {
      await page.emulateMedia({ colorScheme: theme });
      await run(BY_HOUR);
      for (const view of ['Rows', 'Chart', 'Plan', 'History', 'Server']) {
        await page.getByRole('tab', { name: view, exact: true }).click();
        expect(await seriousFindings(page), view).to.deep.equal([]);
      }
    });
});

/** Returns what axe finds of impact serious or critical, with the elements. The page's policy refuses inline scripts, so axe is evaluated. */
async function seriousFindings(page: Page): Promise<readonly string[]> {
  await page.evaluate(AxeBuilder.source);
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: readonly Violation[] }> };
    };
    interface Violation {
      readonly id: string;
      readonly impact: string;
      readonly nodes: readonly { readonly html: string }[];
    }
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
  });
}
