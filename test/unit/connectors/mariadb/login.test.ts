/** The signature of MariaDB's login against Node's own Ed25519, where the secret has the 32 bytes that the standard knows. */
import { createPrivateKey, sign } from 'node:crypto';
import { expect } from 'chai';
import { signEd25519 } from '../../../../connectors/mariadb/login/ed25519.ts';

/** The DER form of a private key is this and its 32 bytes. */
const DER_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

describe('the login by ed25519', () => {
  it('signs as Node does', () => {
    for (let round = 0; round < 4; round++) {
      const secret = Buffer.alloc(32, `secret ${round}`);
      const message = Buffer.alloc(32, round);
      const key = createPrivateKey({ key: Buffer.concat([DER_HEAD, secret]), format: 'der', type: 'pkcs8' });
      expect(signEd25519(secret, message)).to.deep.equal(sign(null, message, key));
    }
  });
});
