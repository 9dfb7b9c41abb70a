/** The console's page is small: what a browser loads before the first chart. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { CONSOLE } from './limits.ts';

const FOLDER = fileURLToPath(new URL('../../dist/console/', import.meta.url));

describe('the page of the console', () => {
  it('has no more compressed bytes than test/budget/limits.ts allows', () => {
    const page = readFileSync(`${FOLDER}index.html`, 'utf8');
    const named = [...page.matchAll(/(?:src|href)="console\/([\w.-]+)"/g)].map(([, file]) => file!);
    // A script also loads the parts that it imports at its beginning.
    const imported = named
      .filter((file) => file.endsWith('.js'))
      .flatMap((file) => [...readFileSync(FOLDER + file, 'utf8').matchAll(/(?:from|import)"\.\/([\w.-]+)"/g)])
      .map(([, file]) => file!);
    const files = [...new Set([...named, ...imported])];
    expect(files.length).to.be.at.least(2);
    const bytes = files.reduce((sum, file) => sum + statSync(`${FOLDER}${file}.br`).size, page.length);
    const all = readdirSync(FOLDER).filter((file) => /\.(js|css)$/.test(file));
    expect(all.length, 'the chart is a file of its own').to.be.above(files.length);
    expect(bytes / 1000, `kB; ${files.join(', ')}`).to.be.at.most(CONSOLE.kilobytes);
  });
});
