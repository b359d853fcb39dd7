/**
 * Goal: a faulty configuration stops the start with a sentence that names it, and production takes no sandbox for a provider. Method: the
 * one reader of the environment.
 */
import { expect } from 'chai';
import { readConfig } from '../../src/config.ts';

const plain = { DATABASE_URL: 'postgresql://u:p@db/x', SMTP_URL: 'smtp://mail', LINK_SECRET: 'x'.repeat(32) };
const twilio = { TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`, TWILIO_AUTH_TOKEN: 'y'.repeat(32), TWILIO_FROM: '+351210000000' };
const production = { ...plain, NODE_ENV: 'production', MAIL_FROM: 'bookings@shop.pt', PUBLIC_URL: 'https://book.shop.pt' };

describe('the configuration', () => {
  const faulty: [what: string, env: Record<string, string>, named: RegExp][] = [
    ['without a database', { ...plain, DATABASE_URL: '' }, /DATABASE_URL is not set/],
    [
      'with half of what Twilio needs',
      { ...plain, TWILIO_FROM: '+351210000000' },
      /TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM go together/,
    ],
    ['with half of what Google needs', { ...plain, GOOGLE_CLIENT_ID: 'x' }, /GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET go together/],
    [
      'with half of what Microsoft needs',
      { ...plain, MICROSOFT_CLIENT_SECRET: 'x' },
      /MICROSOFT_CLIENT_ID and MICROSOFT_CLIENT_SECRET go together/,
    ],
    ['with a key for calendars that is none', { ...plain, CALENDAR_KEYS: 'k1:secret' }, /CALENDAR_KEYS must be id:key/],
    ['of production, with a sandbox for Twilio', { ...production, ...twilio, TWILIO_API_URL: 'http://127.0.0.1:1090' }, /TWILIO_API_URL/],
    [
      "of production, with a host that only looks like Twilio's",
      { ...production, ...twilio, TWILIO_API_URL: 'https://api.twilio.com.attacker.example' },
      /TWILIO_API_URL/,
    ],
    [
      'of production, with a sandbox for calendars',
      { ...production, CALENDAR_SANDBOX_URL: 'http://127.0.0.1:1095' },
      /CALENDAR_SANDBOX_URL/,
    ],
    ['of production, with no sender', { ...production, MAIL_FROM: '' }, /MAIL_FROM is not set, and NODE_ENV is production/],
    ['of production, with no public address', { ...production, PUBLIC_URL: '' }, /PUBLIC_URL is not set, and NODE_ENV is production/],
    ['of production, with CalDAV on this machine', { ...production, CALDAV_ALLOW_LOOPBACK: '1' }, /CALDAV_ALLOW_LOOPBACK/],
    ['with a role of no worker', { ...plain, WORKER_ROLE: 'cook' }, /WORKER_ROLE/],
  ];
  for (const [what, env, named] of faulty) {
    it(`${what}, stops the start with a sentence, without the values`, () => {
      expect(() => readConfig(env)).to.throw(named);
      try {
        readConfig(env);
      } catch (error) {
        for (const value of [twilio.TWILIO_AUTH_TOKEN, 'k1:secret', plain.LINK_SECRET])
          expect((error as Error).message).to.not.include(value);
      }
    });
  }

  it('of production, whose links lead nowhere or whose sender is nobody, says so at the start', () => {
    expect(readConfig(production).doubts).to.deep.equal([]);
    const { doubts } = readConfig({ ...production, MAIL_FROM: 'bookings@punctual.example', PUBLIC_URL: 'http://127.0.0.1:3000' });
    expect(doubts.join()).to.include('PUBLIC_URL').and.to.include('MAIL_FROM');
    expect(readConfig(plain).doubts).to.deep.equal([]);
  });

  it('of another LINK_SECRET, remembers addresses by the secret that is kept for them, else by it', () => {
    expect(readConfig(plain).addressSecret).to.equal(plain.LINK_SECRET);
    expect(readConfig({ ...plain, LINK_SECRET: 'z'.repeat(32), ADDRESS_SECRET: plain.LINK_SECRET }).addressSecret).to.equal(
      plain.LINK_SECRET,
    );
  });

  it("of production, with a region of Twilio's own, is taken", () => {
    expect(readConfig({ ...production, ...twilio, TWILIO_API_URL: 'https://api.dublin.ie1.twilio.com' }).twilio?.apiUrl).to.equal(
      'https://api.dublin.ie1.twilio.com',
    );
  });

  it('of Microsoft, asks the tenant that is named, or a sandbox in its place', () => {
    const registered = { ...plain, MICROSOFT_CLIENT_ID: 'x', MICROSOFT_CLIENT_SECRET: 'y' };
    expect(readConfig({ ...registered, MICROSOFT_TENANT: 'shop.example' }).calendars.signIns.graph).to.include({
      tokenUrl: 'https://login.microsoftonline.com/shop.example/oauth2/v2.0/token',
      apiUrl: null,
    });
    expect(readConfig({ ...registered, CALENDAR_SANDBOX_URL: 'http://127.0.0.1:1095/' }).calendars.signIns.graph).to.include({
      authorizeUrl: 'http://127.0.0.1:1095/common/oauth2/v2.0/authorize',
      apiUrl: 'http://127.0.0.1:1095/v1.0',
    });
  });
});
