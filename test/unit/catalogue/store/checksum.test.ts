import { expect } from 'chai';
import { flywayChecksum } from '../../../../catalogue/store/checksum.ts';
import { lockNumber } from '../../../../catalogue/store/migrate.ts';

describe('the checksum of a migration', () => {
  it('is that of Flyway: lines without their ends, no byte order mark, signed', () => {
    // CRC-32 of "123456789" is 0xCBF43926.
    expect(flywayChecksum('123456789')).to.equal(0xcbf43926 | 0);
    for (const text of ['1234\n56789', '1234\r\n56789\r\n', '\uFEFF123456789\n', '1234\r56789'])
      expect(flywayChecksum(text), JSON.stringify(text)).to.equal(0xcbf43926 | 0);
    expect(flywayChecksum('')).to.equal(0);
    expect(flywayChecksum('1234\n5678é')).to.not.equal(flywayChecksum('1234\n5678e'));
  });

  it('comes with the lock that Flyway takes for the same table', () => {
    // Flyway: 77431708279161 ("Flyway" in hexadecimal) and Java's hashCode of the quoted name.
    let hash = 0n;
    for (const character of '"forkline"."flyway_schema_history"')
      hash = BigInt.asIntN(32, hash * 31n + BigInt(character.charCodeAt(0)));
    expect(lockNumber()).to.equal(String(77_431_708_279_161n + hash));
    expect(0x466c79776179n).to.equal(77_431_708_279_161n);
  });
});
