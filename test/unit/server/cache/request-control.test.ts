import { expect } from 'chai';
import { controlOf, matchesTag, takesGzip } from '../../../../server/cache/request-control.ts';

const control = (value: string) => controlOf({ 'cache-control': value });

describe("the request's Cache-Control", () => {
  it('is read whatever its layout and letter case', () => {
    expect(control('No-Cache, max-age = 60 ,stale-if-error="5", unknown=1')).to.deep.equal({
      ...{ noCache: true, noStore: false, onlyIfCached: false, maxAgeMs: 60_000, staleIfErrorMs: 5000 },
    });
    expect(controlOf({})).to.include({ noCache: false, maxAgeMs: null });
  });

  it('takes an age that is no number for 0, so that nothing too old is sent', () => {
    for (const value of ['max-age', 'max-age=', 'max-age=abc', 'max-age=-1', 'max-age=1.5'])
      expect(control(value).maxAgeMs, value).to.equal(0);
  });

  it('says whether gzip is taken', () => {
    for (const value of ['gzip', 'br, gzip;q=0.5', '*', 'x-gzip', 'GZIP'])
      expect(takesGzip({ 'accept-encoding': value }), value).to.equal(true);
    for (const value of ['', 'br', 'gzip;q=0', '*;q=0', 'gzip;q=0, *'])
      expect(takesGzip({ 'accept-encoding': value }), value).to.equal(false);
    expect(takesGzip({})).to.equal(false);
  });

  it('compares entity tags weakly', () => {
    const tag = 'W/"a-b-c"';
    for (const value of ['*', tag, '"a-b-c"', '"x", W/"a-b-c"'])
      expect(matchesTag({ 'if-none-match': value }, tag), value).to.equal(true);
    expect(matchesTag({ 'if-none-match': '"a-b"' }, tag)).to.equal(false);
    expect(matchesTag({}, tag)).to.equal(false);
  });
});
