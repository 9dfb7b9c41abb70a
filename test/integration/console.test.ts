/** The console in a real browser: what people do there, from the first letter to a link. */
import AxeBuilder from 'axe-core';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { type OpenPage, openPage } from '../support/browser.ts';
import { ConsolePage } from '../support/console-page.ts';
import { useConsole } from '../support/console-suite.ts';
import type { Forkline } from '../support/forkline.ts';

const SERIES = "select g as n, 'row ' || g as label, g * 1.5 as half from generate_series(1, 3) g";
const BY_HOUR = `select g % 24 as hour, avg(g % 7)::float8 as delay from generate_series(1, 1000) g group by 1 | sort hour`;

describe('the console', function () {
  this.timeout(120_000);
  let forkline: Forkline;
  let browser: Browser;
  let open: OpenPage;
  let page: Page;
  let at: ConsolePage;
  useConsole((suite) => {
    ({ forkline, browser, open, page, at } = suite);
  });

  it('begins with queries of the tables that are there', async () => {
    await page.locator('.examples button').first().click();
    await at.ended();
    expect(await at.status()).to.match(/^\d+ rows in/);
  });

  it('runs what is written, and shows its rows with their types', async () => {
    await at.run(SERIES);
    expect(await at.status()).to.match(/^3 rows in \d+ ms/);
    expect(await at.cells(2)).to.deep.equal(['1', 'row 1', '1.5']);
    expect(await page.locator('[role=columnheader]').allInnerTexts()).to.deep.equal([
      'n int64',
      'label string',
      'half decimal',
    ]);
    expect(await page.locator('.phases').getAttribute('aria-label')).to.match(/in the database \d/);
  });

  it('shows null, an empty text and exact numbers as they are', async () => {
    await at.run(
      "select null::text as a, '' as b, 9007199254740993 as c, 0.10::numeric(5,2) as d, '<b>x</b>' as e",
    );
    expect(await at.cells(2)).to.deep.equal(['null', 'empty', '9007199254740993', '0.10', '<b>x</b>']);
    expect(await page.locator('.cell.null').count()).to.equal(1);
    expect(await page.locator('.cell.empty').count()).to.equal(1);
  });

  it('completes columns where they are known, from the keyboard', async () => {
    await at.write(`${SERIES} | where lab`);
    await page.keyboard.press('Control+Space');
    await page.locator('.cm-tooltip-autocomplete li', { hasText: 'label' }).waitFor();
    // The editor takes no key for a list that has just appeared, so that nobody accepts by chance (75 ms).
    await page.waitForFunction(() => {
      const seen = globalThis as { at?: number };
      seen.at ??= performance.now();
      return performance.now() - seen.at > 100;
    });
    await page.keyboard.press('Enter');
    await page.locator('.cm-tooltip-autocomplete').waitFor({ state: 'detached' });
    expect(await at.text()).to.match(/\| where label$/);
  });

  it('tells the signature of the function, and the stage, at the cursor', async () => {
    await at.write(`${SERIES} | stats `);
    await page.locator('.hint', { hasText: /^stats: / }).waitFor();
    await page.keyboard.insertText('sum(');
    await page.locator('.hint', { hasText: /^sum\(x\)/ }).waitFor();
  });

  it('underlines a mistake, and mends it by one click', async () => {
    await at.write(`${SERIES} | stats sum(half) by labell`);
    await page.locator('.cm-lintRange-error', { hasText: /^labell$/ }).hover();
    await page.locator('.cm-diagnosticAction', { hasText: 'label' }).click();
    expect(await at.text()).to.match(/by label$/);
  });

  it('says what failed, where, and how to mend it, and underlines it at once', async () => {
    await at.run(`${SERIES} | where nosuch = 1`);
    expect(await at.status()).to.match(/unknown-column.*nosuch/s);
    expect(await page.locator('.problem[role=alert]').count()).to.equal(1);
    await page.locator('.cm-lintRange-error', { hasText: /^nosuch$/ }).waitFor();
    await page.getByRole('button', { name: /^line 1, column \d+/ }).click();
    await page.keyboard.press('Shift+End');
    await page.keyboard.insertText('n = 1');
    await page.keyboard.press('ControlOrMeta+Enter');
    await at.tells(/^1 row in/);
  });

  it('runs up to the stage at the cursor, and steps on from there', async () => {
    const query = `${SERIES} | where n > 1 | stats count() as many`;
    await at.write(query);
    for (let step = 0; step < 'stats count() as many'.length + 2; step++)
      await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ControlOrMeta+Shift+Enter');
    await at.tells(/^2 rows.*up to the dimmed part/s);
    expect(await page.locator('.not-run').innerText()).to.equal('| stats count() as many');
    await page.keyboard.press('Alt+PageDown');
    await at.tells(/^1 row in/);
    await page.keyboard.press('Alt+PageUp');
    await at.tells(/^2 rows/);
    await page.keyboard.press('Alt+PageUp');
    await at.tells(/^3 rows/);
  });

  it('marks each stage with the place where it runs, and shows the plan with its SQL', async () => {
    await at.write(`${SERIES}\n| where n > 1\n| sql (select n from input)`);
    await page.locator('.placed-source').waitFor();
    await page.locator('.placed-worker').waitFor();
    await at.open('Plan');
    expect(await page.locator('.plan td:nth-child(-n+2)').allInnerTexts()).to.deep.equal([
      ...['SQL', 'database'],
      ...['where', '● database'],
      ...['sql', '○ worker'],
    ]);
    expect(await page.locator('.plan pre').first().innerText()).to.contain('generate_series');
    await page.getByRole('button', { name: 'Show rows: where' }).click();
    await at.tells(/^2 rows/);
  });

  it('formats, and goes back by undo', async () => {
    await at.write('select 1 as a|head 1');
    await page.keyboard.press('Shift+Alt+f');
    await page.locator('.cm-line', { hasText: '| head 1' }).waitFor();
    await page.keyboard.press('ControlOrMeta+z');
    expect(await at.text()).to.equal('select 1 as a|head 1');
  });

  it('finds every command from the keyboard', async () => {
    await at.write('select 1 as a');
    await page.keyboard.press('F1');
    await page.getByRole('combobox', { name: 'Find a command' }).fill('comment');
    await page.keyboard.press('Enter');
    expect(await at.text()).to.equal('-- select 1 as a');
    await page.keyboard.press('ControlOrMeta+/');
    expect(await at.text()).to.equal('select 1 as a');
    await page.keyboard.press('Shift+Alt+4');
    expect(await page.getByRole('tab', { name: 'History' }).getAttribute('aria-selected')).to.equal('true');
  });

  it('has a field for each parameter of the text', async () => {
    await at.write("select :least + 1 as a, ':none' as b, 1::int as c");
    await page.getByRole('textbox', { name: ':least' }).fill('41');
    expect(await page.locator('.parameters label').count()).to.equal(1);
    await at.press('Run');
    await at.ended();
    expect((await at.cells(2))[0]).to.equal('42');
  });

  it('draws a chart that fits, and a link shows it again elsewhere', async () => {
    await at.run(BY_HOUR);
    await at.open('Chart');
    await page.getByRole('img', { name: 'delay over hour' }).locator('canvas').waitFor();
    await page.getByLabel('Kind').selectOption('line');
    await at.press('Copy link');
    await at.tells('The link is copied');
    const other = await openPage(browser, await at.clipboard());
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

  it('says what a column holds', async () => {
    await at.run('select nullif(g % 4, 0) as part from generate_series(1, 100) g');
    await page.getByRole('button', { name: 'part int64' }).click();
    await page.locator('.summary dd').first().waitFor();
    expect(await page.locator('.summary dd').allInnerTexts()).to.deep.equal([
      ...['100', '25', '3', '1', '2.00000', '3'],
    ]);
  });

  it('cancels a query in the database as well', async () => {
    await at.write('select pg_sleep(60)::text');
    await at.press('Run');
    await page.locator('.phase-name', { hasText: 'in the database' }).waitFor();
    await at.press('Cancel');
    await page.locator('.state.cancelled').waitFor();
    await at.open('Server');
    await page.locator('tr', { hasText: 'pg_sleep(60)' }).filter({ hasText: 'cancelled' }).first().waitFor();
  });

  it('kills a query that another client runs, and tells its story', async () => {
    const other = forkline.query('select pg_sleep(50)::text');
    await at.open('Server');
    const line = page.locator('tr', { hasText: 'pg_sleep(50)' });
    await line.getByRole('button', { name: 'Cancel this query' }).click();
    expect((await other).status).to.equal(409);
    await line
      .getByRole('button', { name: /pg_sleep/ })
      .first()
      .click();
    await page
      .locator('.story li', { hasText: 'query-failed' })
      .filter({ hasText: 'cancelled by' })
      .waitFor();
  });

  it('keeps tabs and history in the browser, and a run for each tab', async () => {
    await at.run(SERIES);
    await at.press('New query');
    expect(await at.text()).to.equal('');
    await at.write('select 2 as two');
    await page.getByRole('button', { name: 'select g as n' }).first().click();
    expect(await at.status()).to.match(/^3 rows/);
    await page.reload();
    expect(await page.locator('.tabs .tab').count()).to.equal(2);
    await at.open('History');
    expect(await page.locator('.history code').allInnerTexts()).to.deep.equal([SERIES]);
  });

  it('takes Hangul from an input method without losing or doubling letters', async () => {
    await at.write('');
    const session = await open.context.newCDPSession(page);
    const compose = (text: string) =>
      session.send('Input.imeSetComposition', {
        text,
        selectionStart: text.length,
        selectionEnd: text.length,
      });
    for (const [syllable, ...parts] of [
      ['한', 'ㅎ', '하', '한'],
      ['글', 'ㄱ', '그', '글'],
    ]) {
      for (const text of parts) await compose(text);
      await session.send('Input.insertText', { text: syllable! });
    }
    expect(await at.text()).to.equal('한글');
  });

  it('speaks Korean', async () => {
    await at.press('한국어');
    await page.getByRole('button', { name: '실행', exact: true }).waitFor();
    expect(await page.evaluate<string>('document.documentElement.lang')).to.equal('ko');
    expect(await at.editor.getAttribute('aria-label')).to.equal('쿼리');
  });

  for (const scheme of ['light', 'dark'] as const)
    it(`has nothing serious that axe finds, ${scheme}`, async () => {
      await page.emulateMedia({ colorScheme: scheme });
      expect(await seriousFindings(page), 'at the start').to.deep.equal([]);
      await at.run(BY_HOUR);
      await page.locator('.cell').first().click();
      for (const view of ['Rows', 'Chart', 'Plan', 'History', 'Server']) {
        await at.open(view);
        expect(await seriousFindings(page), view).to.deep.equal([]);
      }
      await page.keyboard.press('F1');
      expect(await seriousFindings(page), 'palette').to.deep.equal([]);
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
