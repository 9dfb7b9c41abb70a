/** These must not be in a line: known secrets, what authorizes requests, parameters' values, and literals on demand. */
import { expect } from 'chai';
import { toPlain } from '../../../../core/logging/plain.ts';
import {
  passwordsOf,
  redactField,
  redactLiterals,
  redactText,
  registerSecrets,
  withoutCredentials,
} from '../../../../core/logging/redact.ts';
import { withoutValues } from '../../../../core/logging/redact-values.ts';

describe('redaction', () => {
  afterEach(() => redactLiterals(false));

  it('removes known secrets wherever they stand, but none that is too short to mean anything', () => {
    registerSecrets(['kn0wn/secret', 'kn0wn', 'abc']);
    expect(redactText('x=kn0wn/secret; kn0wnabc')).to.equal('x=***; ***abc');
  });

  it('finds the passwords of connections, as written and as meant', () => {
    const urls = {
      a: { url: 'postgresql://u:p%40ss@h/db' },
      b: { url: 'postgresql://h/db?password=inquery' },
    };
    expect(passwordsOf({ ...urls, c: { url: 'postgresql:///db' } })).to.deep.equal([
      'p%40ss',
      'p@ss',
      'inquery',
      'inquery',
    ]);
  });

  it('removes what authorizes a request', () => {
    for (const text of [
      'authorization: Bearer s3cret',
      'Authorization=Basic s3cret',
      '{"authorization":"s3cret"}',
      'with bearer s3cret-token',
    ])
      expect(redactText(text), text).not.to.include('s3cret');
    expect(redactText('the bearer of news')).to.equal('the bearer of news');
  });

  it('removes API keys and tokens, whoever wrote them', () => {
    const secret = 'Ab-_'.repeat(11).slice(1);
    expect(redactText(`select 'fk_0123456789ab_${secret}'`)).to.equal("select 'fk_0123456789ab_***'");
    expect(withoutCredentials(`x eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.${secret} y`)).to.equal(
      'x eyJhbGciOiJub25lIn0.eyJ*** y',
    );
    for (const text of ['fk_orders_customers', 'select eyJ.a', 'fk_0123456789ab_short'])
      expect(withoutCredentials(text)).to.equal(text);
  });

  it("removes parameters' values from texts and errors, short ones only in quotes", () => {
    const thrown = new Error('bad "secret-1", "x7", extra x78 and 12345', { cause: new Error("'x7'") });
    const told = withoutValues(thrown, ['secret-1', 'x7', 12345, true, null, '']) as { message: string };
    expect(told.message).to.equal('bad "***", "***", extra x78 and ***');
    expect(JSON.stringify(told)).not.to.match(/secret-1|'x7'/);
    expect(withoutValues('as it is', [])).to.equal('as it is');
  });

  it('removes literals when they are not wanted', () => {
    const query = "select 'private' from t where n = 5";
    expect(redactField('query', query)).to.equal(query);
    redactLiterals(true);
    expect(redactField('query', query)).to.equal('select ? from t where n = ?');
    expect(redactField('message', 'invalid input "private" at 5')).to.equal('invalid input ? at ?');
    const plain = JSON.stringify(toPlain({ error: new Error('invalid "private"'), sql: "select 'private'" }));
    expect(plain).to.include('    at ');
    expect(plain).not.to.include('private');
  });
});
