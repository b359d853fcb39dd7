/**
 * Goal: an SMS goes out once, also when an answer was lost, and each failure is told apart: try again, never again, or mend the account;
 * with no word of whom it was for. What Twilio tells us is known to be Twilio's. Method: a real sandbox (emulate) whose messages are
 * counted; in front of it a server whose answers are scripted, for what a sandbox never does.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import twilio from 'twilio';
import { isSignedByTwilio, readStatus } from '../../src/integrations/sms-callback.ts';
import { createTexter, SmsError, type OutgoingSms, type TexterOptions } from '../../src/integrations/sms.ts';
import { startScripted, type Answer } from '../support/faulty-http.ts';
import { startTwilio, type TestTwilio } from '../support/twilio.ts';

const newNumber = () => `+3519${randomInt(10_000_000, 99_999_999)}`;
const newSms = (change: Partial<OutgoingSms> = {}): OutgoingSms => ({
  deliveryId: randomUUID(),
  to: newNumber(),
  text: 'Olá Ana segredo, até amanhã às 10:30 💈',
  since: null,
  ...change,
});
/** The next try of an SMS whose first ended without an answer. */
const again = (sms: OutgoingSms, since = new Date()): OutgoingSms => ({ ...sms, since: since.toISOString() });

async function failureOf(doing: Promise<unknown>): Promise<SmsError> {
  const outcome = await doing.then(
    () => 'sent',
    (error: unknown) => error,
  );
  if (!(outcome instanceof SmsError)) throw new Error(`expected an SmsError, got ${String(outcome)}`);
  const all = JSON.stringify([outcome, outcome.message, outcome.stack, outcome.cause ?? null, Object.getOwnPropertyNames(outcome)]);
  expect(all).not.to.match(/segredo|351|refuses|Basic|authToken/i);
  return outcome;
}

describe('sms, to a sandbox', () => {
  let sandbox: TestTwilio;
  let line: Awaited<ReturnType<typeof startScripted>>;
  const texter = (change: Partial<TexterOptions> = {}) =>
    createTexter({
      accountSid: sandbox.accountSid,
      authToken: sandbox.authToken,
      from: sandbox.from,
      apiUrl: line.url,
      timeoutMs: 10_000,
      ...change,
    });
  const count = (method: string) => line.seen.filter((one) => one === method).length;

  before(async () => {
    sandbox = await startTwilio();
    line = await startScripted(sandbox.url);
  });
  beforeEach(() => {
    line.script.splice(0);
    line.seen.splice(0);
  });
  after(async () => {
    line?.stop();
    await sandbox?.stop();
  });

  it('a text, sent, is there once and as it was written', async () => {
    const sms = newSms();
    const { providerId } = await texter().send(sms);
    const found = await sandbox.messages(sms.to);
    expect(found.map(({ sid, to, from, body }) => ({ sid, to, from, body }))).to.deep.equal([
      { sid: providerId, to: sms.to, from: sandbox.from, body: sms.text },
    ]);
    expect(line.seen).to.deep.equal(['POST']);
  });

  it('an earlier try, looked for, is not one that has failed since, nor one that another delivery has', async () => {
    const sms = newSms();
    const { providerId } = await texter().send(sms);
    expect(await texter().send(again(sms))).to.deep.equal({ providerId });
    const { providerId: another } = await texter().send({ ...again(sms), isAnothers: async (sid) => sid === providerId });
    expect(another).not.to.equal(providerId);
    for (const sid of [providerId, another]) await sandbox.setStatus(sid, 'undelivered');
    expect([providerId, another]).not.to.include((await texter().send(again(sms))).providerId);
  });

  it('a text, asked about, is told as Twilio has it; one that Twilio does not know, is a failure without its number', async () => {
    const { providerId } = await texter().send(newSms());
    expect(await texter().statusOf(providerId)).to.include({ providerId, state: 'pending' });
    await sandbox.setStatus(providerId, 'undelivered');
    expect(await texter().statusOf(providerId)).to.include({ providerId, state: 'bounced', optedOut: false });
    line.script.push({ status: 200, body: { sid: providerId, status: 'failed', error_code: 21610 } });
    expect(await texter().statusOf(providerId)).to.include({ state: 'bounced', errorCode: '21610', optedOut: true });
    expect((await failureOf(texter().statusOf(`SM${'0'.repeat(32)}`))).code).to.equal('20404');
  });

  it('a text, sent by a messaging service, goes out from its number', async () => {
    const sms = newSms();
    const { providerId } = await texter({ from: sandbox.messagingServiceSid }).send(sms);
    expect(await sandbox.messages(sms.to)).to.have.length(1);
    const error = await failureOf(texter({ from: `MG${'9'.repeat(32)}` }).send(newSms()));
    expect(error.kind).to.equal('sign_in');
    expect((await texter({ from: sandbox.messagingServiceSid }).send(again(sms))).providerId).to.equal(providerId);
    expect(await sandbox.messages(sms.to)).to.have.length(1);
  });

  it('an account, asked for, is active, or its token is refused', async () => {
    await texter().verify();
    const wrong = texter({ authToken: 'wrong' });
    expect(await failureOf(wrong.verify())).to.include({ kind: 'sign_in', code: '20003' });
    expect(await failureOf(wrong.send(newSms()))).to.include({ kind: 'sign_in', code: '20003', ambiguous: false });
    line.script.push({ status: 200, body: { sid: sandbox.accountSid, status: 'suspended' } });
    expect(await failureOf(texter().verify())).to.include({ kind: 'sign_in', code: 'ACCOUNT_NOT_ACTIVE' });
  });

  it('a number that is none and a sender that is not ours, tried, are told apart', async () => {
    expect(await failureOf(texter().send(newSms({ to: '+351' })))).to.include({ kind: 'permanent', code: '21201' });
    expect(await failureOf(texter({ from: '+351911111111' }).send(newSms()))).to.include({ kind: 'sign_in', code: '21606' });
  });

  const lost: [name: string, answer: Answer][] = [
    ['the line cut after it was taken', 'pass, then drop'],
    ['silence after it was taken', 'pass, then silent'],
    ['the line cut before', 'drop'],
    ['silence before', 'silent'],
    ['a 500', { status: 500 }],
    ['a 503 in HTML', { status: 503, body: '<html>refuses' }],
    ['an answer cut short', { status: 201, body: 'refuses{' }],
    ['an empty answer', { status: 201 }],
  ];
  for (const [name, answer] of lost) {
    it(`a text without an answer (${name}), tried again, is there once`, async () => {
      const sms = newSms();
      const firstTriedAt = new Date();
      line.script.push(answer);
      const error = await failureOf(texter(name.startsWith('silence') ? { timeoutMs: 2000 } : {}).send(sms));
      expect(error).to.include({ kind: 'transient', ambiguous: true });
      await line.done();
      expect(await sandbox.messages(sms.to)).to.have.length(name.includes('after') ? 1 : 0);
      const { providerId } = await texter().send(again(sms, firstTriedAt));
      const found = await sandbox.messages(sms.to);
      expect(found.map(({ sid }) => sid)).to.deep.equal([providerId]);
      expect(line.seen, 'it is sent again only where nothing was found').to.deep.equal(
        name.includes('after') ? ['POST', 'GET'] : ['POST', 'GET', 'POST'],
      );
    });
  }

  it('a look for an earlier try, failed, keeps the doubt and sends nothing', async () => {
    const sms = newSms();
    for (const answer of ['drop', { status: 429, body: { code: 20429 } }, { status: 401, body: { code: 20003 } }] satisfies Answer[]) {
      line.script.push(answer);
      expect((await failureOf(texter().send(again(sms)))).ambiguous).to.equal(true);
    }
    expect(count('POST')).to.equal(0);
  });

  it('other texts, there already, are not taken for an earlier try', async () => {
    const sms = newSms();
    await texter().send({ ...sms, text: 'outra coisa' });
    await texter().send({ ...sms, to: newNumber() });
    await sandbox.receive(sms.to, sms.text);
    await texter({ from: sandbox.from }).send(again(sms));
    const ours = async () => (await sandbox.messages(sms.to)).filter(({ body }) => body === sms.text).length;
    expect(await ours()).to.equal(1);
    // The same words, of a delivery that began well after.
    await texter().send(again(sms, new Date(Date.now() + 600_000)));
    expect(await ours()).to.equal(2);
  });

  it("a trial account's text, with Twilio's words in front, is known again", async () => {
    const sms = newSms();
    const { providerId } = await texter().send({ ...sms, text: `Sent from your Twilio trial account - ${sms.text}` });
    expect(await texter().send(again(sms))).to.deep.equal({ providerId });
  });

  it('a server that is away, tried, leaves no doubt that nothing was sent', async () => {
    expect(await failureOf(texter({ apiUrl: 'http://127.0.0.1:1' }).send(newSms()))).to.include({
      kind: 'transient',
      code: 'ECONNREFUSED',
      ambiguous: false,
    });
  });

  it('an answer that says nothing, waited for, ends at the time limit', async () => {
    line.script.push('silent');
    expect(await failureOf(texter({ timeoutMs: 1000 }).send(newSms()))).to.include({ code: 'TIMEOUT', message: 'SMS failed: TIMEOUT' });
  });

  const refusals: [status: number, code: number | null, kind: string, more?: Partial<SmsError>][] = [
    [400, 21211, 'permanent'],
    [400, 21212, 'sign_in'],
    [400, 21401, 'sign_in'],
    [403, 21408, 'permanent'],
    [400, 21603, 'sign_in'],
    [400, 21606, 'sign_in'],
    [400, 21608, 'permanent'],
    [400, 21610, 'permanent', { optedOut: true }],
    [400, 21611, 'transient'],
    [400, 21612, 'permanent'],
    [400, 21614, 'permanent'],
    [400, 21617, 'permanent'],
    [400, 21659, 'sign_in'],
    [400, 21660, 'sign_in'],
    [400, 21705, 'sign_in'],
    [400, 21999, 'permanent'],
    [401, 20003, 'sign_in'],
    [401, null, 'sign_in'],
    [403, 20005, 'sign_in'],
    [404, 20404, 'sign_in'],
    [429, 20429, 'transient'],
    [429, 63038, 'transient'],
    [429, null, 'transient'],
    [408, null, 'transient', { ambiguous: true }],
    [500, 20500, 'transient', { ambiguous: true }],
    [503, null, 'transient', { ambiguous: true }],
    [302, null, 'transient', { ambiguous: true }],
  ];
  for (const [status, code, kind, more] of refusals) {
    it(`a refusal ${status} ${code ?? 'without a code'}, read, is ${kind}`, async () => {
      const sms = newSms();
      line.script.push({
        status,
        body: { ...(code !== null && { code }), message: `'To' number ${sms.to} refuses ${sms.text}`, more_info: sms.to, status },
      });
      const error = await failureOf(texter().send(sms));
      const expected = {
        kind,
        code: code === null ? `HTTP_${status}` : String(code),
        optedOut: false,
        ambiguous: false,
        retryAfterSeconds: null,
        ...more,
      };
      expect(error).to.include(expected);
      expect(error.message).to.equal(`SMS failed: ${expected.code}`);
      expect(line.seen, 'no second try by the client').to.deep.equal(['POST']);
    });
  }

  it('a wait that Twilio asks for, in seconds or until a date, is told; what is neither is not', async () => {
    for (const [header, seconds] of [
      ['7', 7],
      ['4000000', 4_000_000],
      ['Sun, 22 Nov 2026 10:00:00 GMT', 0],
      ['soon', null],
      ['-1', null],
    ] as const) {
      line.script.push({ status: 429, body: { code: 20429 }, headers: { 'retry-after': header } });
      expect((await failureOf(texter().send(newSms()))).retryAfterSeconds).to.equal(seconds);
    }
  });

  it('many texts at once, to one account, each get their own answer', async () => {
    const one = texter();
    const all = Array.from({ length: 30 }, () => newSms());
    const sids = await Promise.all(all.map(async (sms) => (await one.send(sms)).providerId));
    for (const [index, sms] of all.entries()) expect((await sandbox.messages(sms.to)).map(({ sid }) => sid)).to.deep.equal([sids[index]]);
  });

  it('a status, told by the sandbox, is signed for its address, and read', async () => {
    const told: { url: string; signature: string; params: Record<string, string> }[] = [];
    const ours = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () => {
          const params = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
          told.push({ url: request.url ?? '', signature: String(request.headers['x-twilio-signature']), params });
          response.end();
        });
    });
    await new Promise<void>((resolve) => ours.listen(0, '127.0.0.1', resolve));
    try {
      const base = `http://127.0.0.1:${(ours.address() as AddressInfo).port}`;
      const sms = newSms();
      const { providerId } = await texter({ statusCallback: (id) => `${base}/v1/sms?delivery=${id}` }).send(sms);
      for (const status of ['sent', 'delivered', 'undelivered', 'failed']) await sandbox.setStatus(providerId, status);
      expect(told.map(({ params }) => readStatus(params)?.state)).to.deep.equal(['pending', 'sent', 'delivered', 'bounced', 'bounced']);
      for (const { url, signature, params } of told) {
        expect(url).to.equal(`/v1/sms?delivery=${sms.deliveryId}`);
        expect(readStatus(params)?.providerId).to.equal(providerId);
        expect(isSignedByTwilio(sandbox.authToken, signature, base + url, params)).to.equal(true);
        expect(isSignedByTwilio(sandbox.authToken, signature, `${base}${url}1`, params)).to.equal(false);
      }
    } finally {
      ours.close();
      ours.closeAllConnections();
    }
  });
});

describe('sms, told by Twilio', () => {
  const url = 'https://barbers.example/v1/sms/status?delivery=1';
  const sid = `SM${'0a'.repeat(16)}`;
  const params = { MessageSid: sid, MessageStatus: 'delivered', To: '+351912345678', Body: 'Olá' };

  it("a signature of Twilio's own library, checked, holds for this token, address and form alone", () => {
    const signature = twilio.getExpectedTwilioSignature('token', url, params);
    expect(isSignedByTwilio('token', signature, url, params)).to.equal(true);
    expect(isSignedByTwilio('other', signature, url, params)).to.equal(false);
    expect(isSignedByTwilio('token', signature, url.replace('=1', '=2'), params)).to.equal(false);
    expect(isSignedByTwilio('token', signature, url, { ...params, MessageStatus: 'failed' })).to.equal(false);
    expect(isSignedByTwilio('token', signature, url, { ...params, More: '1' })).to.equal(false);
    for (const wrong of ['', 'x', `${signature}=`]) expect(isSignedByTwilio('token', wrong, url, params)).to.equal(false);
  });

  it('a status, read, says whether it arrived', () => {
    const states = {
      accepted: 'pending',
      queued: 'pending',
      sending: 'pending',
      sent: 'sent',
      delivered: 'delivered',
      read: 'delivered',
      undelivered: 'bounced',
      failed: 'bounced',
    };
    for (const [status, state] of Object.entries(states)) {
      expect(readStatus({ ...params, MessageStatus: status })).to.deep.equal({ providerId: sid, state, errorCode: null, optedOut: false });
    }
  });

  it('a reason, read, is kept as its number', () => {
    for (const code of ['30003', '30004', '30005', '30006', '30007']) {
      for (const status of ['undelivered', 'failed']) {
        expect(readStatus({ ...params, MessageStatus: status, ErrorCode: code })).to.deep.equal({
          providerId: sid,
          state: 'bounced',
          errorCode: code,
          optedOut: false,
        });
      }
    }
    expect(readStatus({ ...params, MessageStatus: 'failed', ErrorCode: '21610' })).to.include({ state: 'bounced', optedOut: true });
    for (const none of ['', '0', 'x'])
      expect(readStatus({ ...params, MessageStatus: 'failed', ErrorCode: none })?.errorCode).to.equal(null);
  });

  it('a form that tells of no message of ours, read, is nothing', () => {
    const wrong: Record<string, string>[] = [
      {},
      { MessageSid: sid },
      { ...params, MessageStatus: 'received' },
      { ...params, MessageStatus: 'constructor' },
      { ...params, MessageSid: 'CA1' },
    ];
    for (const form of wrong) expect(readStatus(form)).to.equal(null);
  });
});
