/** docs/reliability.md promises twenty faults: each has its row there, and a test that bears its number. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('the twenty faults', () => {
  const numbers = Array.from({ length: 20 }, (_, index) => index + 1);

  it('each have a test on real processes', () => {
    const files = readdirSync(new URL('../fault/', import.meta.url)).filter((name) =>
      name.endsWith('.test.ts'),
    );
    const tested = new Set(
      files.flatMap((name) =>
        [...read(`test/fault/${name}`).matchAll(/\bit\(\s*['"`]fault (\d+)\b/g)].map(([, n]) => Number(n)),
      ),
    );
    expect([...tested].sort((a, b) => a - b)).to.deep.equal(numbers);
  });

  it('each have a row in docs/reliability.md', () => {
    const rows = [...read('docs/reliability.md').matchAll(/^\| (\d+)\. /gm)].map(([, n]) => Number(n));
    expect(rows).to.deep.equal(numbers);
  });
});
