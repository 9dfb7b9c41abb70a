import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';

const ROOT = new URL('../../', import.meta.url);

describe('the list of long test files', () => {
  it('names files that are there, with seconds', () => {
    const text = readFileSync(new URL('test/support/long-files.json', ROOT), 'utf8');
    const files = Object.entries(JSON.parse(text) as Record<string, unknown>);
    expect(files).to.not.be.empty;
    for (const [file, seconds] of files) {
      expect(existsSync(new URL(file, ROOT)), file).to.equal(true);
      expect(seconds, file).to.be.a('number').above(0);
    }
  });
});
