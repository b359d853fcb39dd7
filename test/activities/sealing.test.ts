/** Goal: a stored sign-in opens for its own row, under a configured key, and for nobody else. Method: every way of getting it wrong. */
import { randomBytes, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { createCalendarOpener } from '../../src/integrations/calendar/open.ts';
import { createSealer, type Sealer } from '../../src/integrations/sealing.ts';

const key = (id: string) => ({ id, key: new Uint8Array(randomBytes(32)) });
const refused = (call: Promise<unknown>) =>
  call.then(
    () => false,
    () => true,
  );

describe('sealed secrets', () => {
  const [old, current] = [key('k1'), key('k2')];
  const owner = randomUUID();
  const secret = { username: 'rui', password: 'geheim' };

  it('open as they were, tell their key and nothing else, and are never the same twice', async () => {
    const sealer = createSealer([current]);
    const [one, other] = [await sealer.seal(secret, owner), await sealer.seal(secret, owner)];
    expect(await sealer.open(one, owner)).to.deep.equal(secret);
    expect(one).to.not.equal(other);
    expect(JSON.parse(Buffer.from(one.split('.')[0]!, 'base64url').toString())).to.deep.equal({
      alg: 'dir',
      enc: 'A256GCM',
      kid: 'k2',
      sub: owner,
    });
    for (const word of Object.values(secret)) expect(Buffer.from(one.split('.')[3]!, 'base64url').toString('latin1')).to.not.include(word);
  });

  it('for another row, under another key, or changed in one letter, do not open', async () => {
    const sealer = createSealer([current]);
    const sealed = await sealer.seal(secret, owner);
    expect(await refused(sealer.open(sealed, randomUUID()))).to.equal(true);
    expect(await refused(createSealer([old]).open(sealed, owner))).to.equal(true);
    expect(await refused(createSealer([{ ...old, id: 'k2' }]).open(sealed, owner))).to.equal(true);
    const parts = sealed.split('.');
    for (const part of [0, 2, 3, 4]) {
      const letters = Array.from(parts[part]!);
      letters[5] = letters[5] === 'A' ? 'B' : 'A';
      expect(await refused(sealer.open(parts.with(part, letters.join('')).join('.'), owner)), `part ${part}`).to.equal(true);
    }
  });

  it('under an old key, open as long as it is configured, and are sealed anew under the first', async () => {
    const sealed = await createSealer([old]).seal(secret, owner);
    const both = createSealer([current, old]);
    const openerOf = (sealer: Sealer) =>
      createCalendarOpener({
        sealer,
        fetch,
        signIns: { google: null, graph: null },
        store: { read: async () => null, replace: async () => {} },
        now: () => new Date(),
      });
    const opener = openerOf(both);
    expect(await both.open(sealed, owner)).to.deep.equal(secret);
    const anew = await opener.reseal({ id: owner, secrets: sealed });
    expect(await createSealer([current]).open(anew!, owner)).to.deep.equal(secret);
    expect(await opener.reseal({ id: owner, secrets: anew })).to.equal(null);
    expect(await openerOf(createSealer([current])).reseal({ id: owner, secrets: sealed })).to.equal(null);
    // What nobody can read keeps no other from being sealed anew.
    expect(await opener.reseal({ id: owner, secrets: 'torn' })).to.equal(null);
  });
});
