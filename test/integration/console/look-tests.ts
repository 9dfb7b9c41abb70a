/** The console where people look at rows and charts, take them elsewhere and share them. */
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { openPage } from '../../support/browser.ts';
import { ConsolePage } from '../../support/console-page.ts';
import { type ConsoleSuite, PLAIN_HOST } from '../../support/console-suite.ts';
import { readDownload } from '../../support/read-download.ts';
import { BY_HOUR, SERIES } from './queries.ts';

export function lookTests(the: ConsoleSuite): void {
  let page: Page;
  let at: ConsolePage;
  beforeEach(() => {
    ({ page, at } = the);
  });

  it('shows null, an empty text and exact numbers as they are', async () => {
    await at.run(
      "select null::text as a, '' as b, 9007199254740993 as c, 0.10::numeric(5,2) as d, '<b>x</b>' as e",
    );
    expect(await at.cells(2)).to.deep.equal(['null', 'empty', '9007199254740993', '0.10', '<b>x</b>']);
    expect(await page.locator('.cell.null').count()).to.equal(1);
    expect(await page.locator('.cell.empty').count()).to.equal(1);
  });

  it('draws a chart that fits, and a link shows it again elsewhere', async () => {
    await at.run(BY_HOUR);
    await at.open('Chart');
    await page.getByRole('img', { name: 'delay over hour' }).locator('canvas').waitFor();
    await page.getByLabel('Kind').selectOption('line');
    await at.press('Copy link');
    await at.tells('The link is copied');
    const other = await openPage(the.browser, await at.clipboard());
    const there = new ConsolePage(other.page);
    expect(await there.text()).to.equal(BY_HOUR);
    await there.tells('came with a link');
    await there.page.locator('.empty').getByRole('button', { name: 'Run' }).click();
    await other.page.getByRole('img', { name: 'delay over hour' }).locator('canvas').waitFor();
    expect(await other.page.getByLabel('Kind').inputValue()).to.equal('line');
    await other.context.close();
    expect(other.faults).to.deep.equal([]);
  });

  it('copies rows as CSV, JSON and Markdown', async () => {
    await at.run("select 1 as a, 'x|y' as b, null as c");
    const copied = async (name: string) => {
      await at.press(`Copy ${name}`);
      await at.tells('1 row copied');
      return await at.clipboard();
    };
    expect(await copied('CSV')).to.equal('a,b,c\r\n1,x|y,\r\n');
    expect(JSON.parse(await copied('JSON'))).to.deep.equal([{ a: 1, b: 'x|y', c: null }]);
    expect(await copied('Markdown')).to.equal('| a | b | c |\n| ---: | --- | --- |\n| 1 | x\\|y |  |\n');
  });

  it('saves the answer as a file in every format', async () => {
    // Numerics without a scale, as in SERIES, have no type in Arrow and Parquet: those are refused with a message.
    await at.run("select 1 as n, 'x' as label");
    for (const format of ['csv', 'json', 'ndjson', 'arrow', 'parquet']) {
      const saved = page.waitForEvent('download');
      await at.press(`Download ${format}`);
      expect((await saved).suggestedFilename()).to.equal(`forkline.${format}`);
      await at.tells(`forkline.${format} is complete`);
    }
  });

  it('saves no file that is not whole, and says so', async () => {
    // The first 256 KB have left the server when it fails, so the status says nothing.
    const failing =
      "select g, repeat('x', 500) as long, 10 / (5000 - g) as n from generate_series(1, 10000) g";
    await at.run(`${failing} limit 10`);
    await page.route('**/v1/query?format=*', async (route) => {
      const body = { ...route.request().postDataJSON(), query: failing };
      await route.continue({ postData: JSON.stringify(body) });
    });
    let saved = 0;
    page.on('download', () => saved++);
    for (const format of ['csv', 'json', 'ndjson']) {
      await at.press(`Download ${format}`);
      await at.tells(new RegExp(`forkline\\.${format} was not saved.*division by zero`, 's'));
    }
    expect(saved).to.equal(0);
  });

  it('says so when a limit cut the file', async () => {
    await at.run('select g from generate_series(1, 10) g');
    await page.route('**/v1/query?format=*', async (route) => {
      const body = { ...route.request().postDataJSON(), limits: { rows: 3 } };
      await route.continue({ postData: JSON.stringify(body) });
    });
    const saved = page.waitForEvent('download');
    await at.press('Download csv');
    expect(await readDownload(await saved)).to.equal('g\r\n1\r\n2\r\n3\r\n');
    await at.tells('it has not all rows');
  });

  it('copies and shares on a page by plain HTTP, where scripts have no clipboard', async () => {
    await page.goto(`http://${PLAIN_HOST}:${the.forkline.port}/`);
    expect(await page.evaluate<boolean>('isSecureContext')).to.equal(false);
    await at.run(SERIES);
    const secure = await the.open.context.newPage();
    await secure.goto(`${the.forkline.url}/`);
    const copied = async (name: string, told: string) => {
      await page.bringToFront();
      await at.press(name);
      await at.tells(told);
      await secure.bringToFront();
      return await secure.evaluate<string>('navigator.clipboard.readText()');
    };
    expect(await copied('Copy CSV', '3 rows copied')).to.match(/^n,label,half\r\n1,row 1,1\.5/);
    expect(await copied('Copy link', 'The link is copied')).to.match(/^http:\/\/forkline\.test:\d+\/#q=/);
    await page.bringToFront();
    const saved = page.waitForEvent('download');
    await at.press('Download csv');
    expect(await readDownload(await saved)).to.contain('row 3');
  });

  it('says what a column holds', async () => {
    await at.run('select nullif(g % 4, 0) as part from generate_series(1, 100) g');
    await page.getByRole('button', { name: 'part int64' }).click();
    await page.locator('.summary dd').first().waitFor();
    expect(await page.locator('.summary dd').allInnerTexts()).to.deep.equal([
      ...['100', '25', '3', '1', '2.00000', '3'],
    ]);
  });
}
