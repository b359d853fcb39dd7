/** Goal: bad input never hurts. Method: send it, expect a 4xx problem that names every faulty field, and count rows: nothing is written. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { bookingBody, customer } from '../support/booking.ts';
import { count } from '../support/claiming.ts';
import { startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

/** What makes a good booking body faulty, and the fields that the answer must name. */
const faulty: Record<string, [wishes: Record<string, unknown>, paths: string[]]> = {
  'an unknown field': [{ status: 'confirmed', version: 7 }, ['/status', '/version']],
  'an unknown field of the customer': [{ customer: customer({ vip: true }) }, ['/customer/vip']],
  'a network id of its own': [{ networkId: randomUUID(), priceCents: 1 }, ['/networkId', '/priceCents']],
  'several faults at once': [
    { shopId: 'x', startsAt: 5, customer: { name: '', email: 'nobody' } },
    ['/shopId', '/startsAt', '/customer/name', '/customer/email'],
  ],
  'nothing but nulls': [
    { shopId: null, serviceId: null, startsAt: null, customer: null },
    ['/shopId', '/serviceId', '/startsAt', '/customer'],
  ],
  'lists in place of texts': [{ shopId: ['a'], customer: customer({ name: ['Ana'] }) }, ['/shopId', '/customer/name']],
  'no time': [{ startsAt: undefined }, ['/startsAt']],
  'two times': [{ localStart: '2027-05-05T10:00' }, ['/startsAt']],
  'an impossible date': [{ startsAt: '2026-02-30T10:00:00Z' }, ['/startsAt']],
  'an impossible local date': [{ startsAt: undefined, localStart: '2026-02-30T10:00' }, ['/localStart']],
  'a time without an offset': [{ startsAt: '2027-05-05T10:00:00' }, ['/startsAt']],
  'the year 0': [{ startsAt: '0000-01-01T00:00:00Z' }, ['/startsAt']],
  'the last second of the year 9999': [{ startsAt: '9999-12-31T23:59:59Z' }, ['/startsAt']],
  'a local time in the year 0': [{ startsAt: undefined, localStart: '0000-01-01T00:00' }, ['/localStart']],
  'an unknown zone': [{ customer: customer({ timeZone: 'Europe/Atlantis' }) }, ['/customer/timeZone']],
  'an offset for a zone': [{ customer: customer({ timeZone: '+01:00' }) }, ['/customer/timeZone']],
  'a malformed locale': [{ customer: customer({ locale: 'not a locale' }) }, ['/customer/locale']],
  'a phone number that is not E.164': [{ customer: customer({ phone: '912 345 678' }) }, ['/customer/phone']],
  'a header hidden in the name': [{ customer: customer({ name: 'Ana\r\nBcc: all@example.com' }) }, ['/customer/name']],
  'a header hidden in the e-mail address': [
    { customer: customer({ email: 'ana@example.com\r\nBcc: all@example.com' }) },
    ['/customer/email'],
  ],
  'a NUL': [{ customer: customer({ name: 'A\u0000na' }) }, ['/customer/name']],
  'an advertisement for a name': [{ customer: customer({ name: 'Win a prize: http://evil.example/now' }) }, ['/customer/name']],
  'a lone surrogate': [{ customer: customer({ name: 'Ana \ud800' }) }, ['/customer/name']],
  'a bidi override': [{ customer: customer({ name: 'Ana \u202egnp.exe' }) }, ['/customer/name']],
  'an invisible direction mark': [{ customer: customer({ name: 'Ana\u200f' }) }, ['/customer/name']],
  'a name that nobody can see': [{ customer: customer({ name: '\u200b' }) }, ['/customer/name']],
  'a name too long to be one': [{ customer: customer({ name: 'a'.repeat(201) }) }, ['/customer/name']],
  'a malformed UUID': [{ serviceId: '00000000-0000-0000-0000-00000000000g' }, ['/serviceId']],
};

/** Bodies that are no object of fields at all; an empty body has nothing in it, so every required field is missing. */
const misshapen: Record<string, [body: string, code: 'malformed_json' | 'invalid_request']> = {
  'broken JSON': ['{"shopId":', 'malformed_json'],
  'a bare word': ['undefined', 'malformed_json'],
  'a string': ['"hello"', 'malformed_json'],
  'a number': ['17', 'malformed_json'],
  null: ['null', 'malformed_json'],
  'a list': ['[]', 'invalid_request'],
  'an empty body': ['', 'invalid_request'],
  'an empty object': ['{}', 'invalid_request'],
  'a list of great depth': ['['.repeat(30_000) + ']'.repeat(30_000), 'invalid_request'],
  'an object of great depth': ['{"customer":'.repeat(5000) + '1' + '}'.repeat(5000), 'invalid_request'],
  'a number beyond all numbers': ['{"startsAt":1e999}', 'invalid_request'],
  'a prototype': ['{"__proto__":{"shopId":"x"},"constructor":{}}', 'invalid_request'],
};

describe('bad input', () => {
  let engine: Engine;
  let network: TestNetwork;
  let rows: number;

  const countRows = async () => {
    const counts = await Promise.all(
      ['booking_request', 'contact', 'customer', 'appointment'].map((table) => count(engine.database.orm, table, 'true', [])),
    );
    return counts.reduce((sum, each) => sum + each, 0);
  };
  const post = (body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    engine.call(network.apiKey, 'POST', '/v1/appointments', body, { 'idempotency-key': randomUUID(), ...headers });

  // Without workers: nothing here may get as far as a workflow.
  before(async () => {
    engine = await startEngine({ workers: false });
    network = await buildNetwork(engine.database.orm);
  });
  after(() => engine.stop());
  beforeEach(async () => {
    rows = await countRows();
  });
  afterEach(async () => expect(await countRows(), 'rows').to.equal(rows));

  for (const [what, [wishes, paths]] of Object.entries(faulty)) {
    it(`a booking, with ${what}, is refused by the name of each faulty field`, async () => {
      expectProblem(await post(bookingBody(network, wishes)), 'invalid_request', paths);
    });
  }

  for (const [what, [body, code]] of Object.entries(misshapen)) {
    it(`a booking, whose body is ${what}, is refused`, async () => {
      const answer = await post(body);

      expectProblem(answer, code);
      if (code === 'invalid_request') expect(answer.body.faults).to.not.be.empty;
    });
  }

  it('a booking, of which fields were left out, is told that they are missing', async () => {
    const answer = await post('{}');

    expectProblem(answer, 'invalid_request');
    expect(answer.body.faults).to.deep.include({ path: '/shopId', message: 'is missing' });
    expect(answer.body.faults).to.deep.include({ path: '/customer', message: 'is missing' });
  });

  it('a booking, with a field named __proto__, is told that there is no such field', async () => {
    const answer = await post(JSON.stringify(bookingBody(network)).replace('{', '{"__proto__":{"a":1},'));

    expectProblem(answer, 'invalid_request', ['/__proto__']);
  });

  it('a booking, with a hundred faults, is answered with a short list', async () => {
    const answer = await post(Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`field${index}`, index])));

    expectProblem(answer, 'invalid_request');
    expect(answer.body.faults).to.have.length(50);
  });

  for (const [what, headers] of Object.entries({
    'form fields': { 'content-type': 'application/x-www-form-urlencoded' },
    'plain text': { 'content-type': 'text/plain' },
    'an unknown character set': { 'content-type': 'application/json; charset=ebcdic' },
    'an unknown encoding': { 'content-encoding': 'rot13' },
  })) {
    it(`a booking, sent as ${what}, is refused as an unsupported media type`, async () => {
      expectProblem(await post(bookingBody(network), headers), 'unsupported_media_type');
    });
  }

  it('a booking, said to be compressed when it is not, is refused', async () => {
    expectProblem(await post(bookingBody(network), { 'content-encoding': 'gzip' }), 'malformed_json');
  });

  it('a booking, of more than 64 KB, is refused as too large', async () => {
    expectProblem(await post(bookingBody(network, { note: 'x'.repeat(65_536) })), 'body_too_large');
  });

  for (const [what, key] of Object.entries({
    'no key': undefined,
    'an empty key': '',
    'a key with a space': 'a b',
    'a key of 256 characters': 'k'.repeat(256),
    'a key that is not ASCII': 'clé',
  })) {
    it(`a booking, with ${what}, is refused`, async () => {
      const answer = await engine.call(
        network.apiKey,
        'POST',
        '/v1/appointments',
        bookingBody(network),
        key === undefined ? {} : { 'idempotency-key': key },
      );

      expectProblem(answer, 'idempotency_key_missing');
    });
  }
});
