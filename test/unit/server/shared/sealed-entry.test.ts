import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import { type EntryDescription, footerOf } from '../../../../server/results/entry.ts';
import { openSealed, sealEntry } from '../../../../server/shared/sealed-entry.ts';

const KEY = 'k'.repeat(32);
const BODY = Buffer.from('{"rows":[1,2,3]');

function file(): Buffer {
  const crc = crc32(BODY);
  const description = {
    ...{ kind: 'cache', encoding: 'identity', bodyBytes: BODY.length, storedBytes: BODY.length },
    ...{ bodyCrc: crc, storedCrc: crc },
  } as EntryDescription;
  return Buffer.concat([BODY, footerOf(description)]);
}

describe('a kept answer on its way through Redis', () => {
  it('is opened as it was sealed', async () => {
    const opened = await openSealed(KEY, 'n', sealEntry(KEY, 'n', 1_700_000_000_000_512, file()));
    expect(opened?.stored.equals(BODY)).to.equal(true);
    expect(opened?.asOf).to.equal(1_700_000_000_000_512);
  });

  it('is foreign under another name or key, and with any byte changed, cut off or added', async () => {
    const sealed = sealEntry(KEY, 'n', 7, file());
    expect(await openSealed(KEY, 'm', sealed)).to.equal(null);
    expect(await openSealed('other'.repeat(8), 'n', sealed)).to.equal(null);
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1;
      expect(await openSealed(KEY, 'n', changed), `byte ${at}`).to.equal(null);
      expect(await openSealed(KEY, 'n', sealed.subarray(0, at)), `cut at ${at}`).to.equal(null);
    }
    expect(await openSealed(KEY, 'n', Buffer.concat([sealed, Buffer.from('x')]))).to.equal(null);
  });

  it('is refused when the file was damaged before it was signed', async () => {
    const damaged = file();
    damaged[0]! ^= 1;
    expect(await openSealed(KEY, 'n', sealEntry(KEY, 'n', 7, damaged))).to.equal(null);
    expect(await openSealed(KEY, 'n', sealEntry(KEY, 'n', 7, Buffer.from('no entry')))).to.equal(null);
  });
});
