import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { errorClasses } from '../../../../server/answer/error-status.ts';

interface Row {
  status: number;
  retryable: boolean;
}

function documented(): Map<string, Row> {
  const text = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `([a-z-]+)` \| (\d+) \| (yes|no) \| \S/gm)];
  expect(new Set(rows.map((row) => row[1])).size, 'a code stands twice').to.equal(rows.length);
  return new Map(
    rows.map(([, code, status, retry]) => [code!, { status: Number(status), retryable: retry === 'yes' }]),
  );
}

describe('docs/errors.md', () => {
  it('documents every code with the status and retry that the server sends, and no others', () => {
    const table = Object.fromEntries(
      Object.entries(errorClasses).map(([code, { status, retryable }]) => [code, { status, retryable }]),
    );
    expect(Object.fromEntries(documented())).to.deep.equal(table);
  });
});
