/**
 * Goal: a mail reaches the inbox whole, each barber of a visit is told of his own share, and each failure is told apart: try again, never
 * again, or mend the account; with no word of whom it was for.
 * Method: a real inbox (maildev, of the test run) by its own API and raw source, and real PostgreSQL for what a visit's mails say; failures
 * by a server whose every reply is scripted here.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { createLinks } from '../../src/db/self-service.ts';
import { createMessageActivities } from '../../activities/message.ts';
import { createAddressMarks } from '../../src/db/address-mark.ts';
import { insertDeliveries, readDeliveries } from '../../src/db/delivery.ts';
import { Appointment, AppointmentPart, Contact, Customer } from '../../src/db/entities/appointment.ts';
import { Barber } from '../../src/db/entities/barber.ts';
import { Service } from '../../src/db/entities/network.ts';
import { planCancellation, planConfirmation, type NewDelivery } from '../../src/domain/effects.ts';
import { toWall } from '../../src/domain/time.ts';
import { invitation } from '../../src/integrations/invitation.ts';
import { createMailer, MailError, type Mailer, type MailTimeouts, type OutgoingMail } from '../../src/integrations/mail.ts';
import { createMetrics } from '../../src/metrics.ts';
import { defaultPolicy } from '../../workflows/messages.ts';
import { asActivity, rowOf } from '../support/attempt.ts';
import { createDatabase, required, type TestDatabase } from '../support/database.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';

const address = 'ana.segredo@example.org';
/** Milliseconds; long enough for a busy machine to answer in. */
const quick: Partial<MailTimeouts> = { connection: 1000, greeting: 1000, socket: 1000, send: 10_000 };

const newMail = (change: Partial<OutgoingMail> = {}): OutgoingMail => ({
  messageId: `<${randomUUID()}@punctual>`, from: { name: 'Barbearia "O Zé", Lda', address: 'bookings@punctual.example' }, replyTo: null, to: { name: 'Ana Conceição', address },
  subject: 'Marcação confirmada 💈', text: 'Olá Ana\n.\nadeus\n', html: '<p>Olá Ana</p>', headers: { 'X-Punctual-Kind': 'confirmation_customer' }, invitation: null, ...change,
});

const aUid = '7b0f1c1e-8a51-5c3c-9d55-0e6a4c3a2f10@punctual';
const ics = (method: 'REQUEST' | 'CANCEL') => invitation({
  method, uid: aUid, sequence: 0, stampedAt: new Date(0), times: { timeZone: 'Europe/Lisbon', start: '2026-11-27T10:30:00', end: '2026-11-27T11:15:00' },
  summary: 'Corte 💈', description: 'Olá', location: 'Rua', organizer: { name: 'Loja', email: 'bookings@punctual.example' }, attendee: { name: 'Ana', email: address },
});

async function failureOf(doing: Promise<unknown>): Promise<MailError> {
  const outcome = await doing.then(() => 'sent', (error: unknown) => error);
  if (!(outcome instanceof MailError)) throw new Error(`expected a MailError, got ${String(outcome)}`);
  expect(JSON.stringify([outcome.message, outcome.stack, outcome.cause ?? null])).not.to.match(/segredo|example\.org/);
  return outcome;
}

type Found = { id: string; subject: string; text: string; html: string; headers: Record<string, string>; from: { address: string; name: string }[]; to: { address: string; name: string }[]; envelope: { to: { address: string }[] }; attachments?: { contentType: string }[] };

const mailApi = () => required('TEST_MAIL_API');

/** Others fill the inbox as well, so it is read in pages, and ours are known by their Message-ID. */
async function inbox(messageId: string): Promise<Found[]> {
  const found: Found[] = [];
  for (let skip = 0; ; skip += 200) {
    const page = (await (await fetch(`${mailApi()}?skip=${skip}&limit=200`)).json()) as Found[];
    found.push(...page.filter((mail) => mail.headers['message-id'] === messageId));
    if (page.length < 200) return found;
  }
}

async function arrived(messageId: string): Promise<Found> {
  for (const end = Date.now() + 15_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const [mail, ...more] = await inbox(messageId);
    if (mail) {
      expect(more).to.have.length(0);
      return mail;
    }
  }
  throw new Error(`${messageId} did not arrive`);
}

const source = async (id: string): Promise<string> => (await fetch(`${mailApi()}/${id}/source`)).text();

/** The invitation that is attached to a mail as a file. */
const attachedTo = (raw: string): string =>
  Buffer.from(/name=invite\.ics[^]*?base64[^]*?\r?\n\r?\n([A-Za-z0-9+/=\r\n]+)/.exec(raw)?.[1] ?? '', 'base64').toString();

describe('mail, to a real inbox', () => {
  let mailer: Mailer;

  before(() => { mailer = createMailer({ smtpUrl: required('TEST_SMTP_URL') }); });
  after(() => mailer?.close());

  it('can be asked whether the server takes mail at all', async () => {
    await mailer.verify();
  });

  it('arrives under its own Message-ID with both bodies, names and headers', async () => {
    const mail = newMail();
    expect(await mailer.send(mail)).to.deep.equal({ providerId: mail.messageId });
    const found = await arrived(mail.messageId);
    expect(found.subject).to.equal(mail.subject);
    expect(found.from).to.deep.equal([{ address: 'bookings@punctual.example', name: 'Barbearia "O Zé", Lda' }]);
    expect(found.to).to.deep.equal([{ address, name: 'Ana Conceição' }]);
    expect(found.text.trimEnd()).to.equal('Olá Ana\n.\nadeus');
    expect(found.html).to.include('<p>Olá Ana</p>');
    expect(found.headers).to.include({ 'x-punctual-kind': 'confirmation_customer', 'auto-submitted': 'auto-generated' });
    expect(found.attachments ?? []).to.have.length(0);
  });

  it('carries the invitation as an alternative with its method, and as a file', async () => {
    for (const method of ['REQUEST', 'CANCEL'] as const) {
      const mail = newMail({ invitation: { method, content: ics(method) } });
      await mailer.send(mail);
      const raw = await source((await arrived(mail.messageId)).id);
      expect(raw).to.match(new RegExp(`^Content-Type: text/calendar; charset=utf-8; method=${method}\\r?$`, 'm'));
      expect(raw).to.match(/^Content-Type: application\/ics; name=invite\.ics\r?$/m);
      expect(raw.indexOf('text/plain')).to.be.lessThan(raw.indexOf('text/html')).and.lessThan(raw.indexOf('text/calendar'));
      expect(attachedTo(raw)).to.equal(ics(method));
    }
  });

  it('lets no value add a header or a reader', async () => {
    const evil = 'Ana\r\nBcc: all@example.com\r\n\r\n<evil@example.com>, b';
    const mail = newMail({ subject: `x\r\nBcc: all@example.com`, to: { name: evil, address }, from: { name: evil, address: 'bookings@punctual.example' }, headers: { 'X-Punctual-Kind': 'a\r\nBcc: all@example.com' } });
    await mailer.send(mail);
    const found = await arrived(mail.messageId);
    expect(found.envelope.to.map((to) => to.address)).to.deep.equal([address]);
    expect(found.to.map((to) => to.address)).to.deep.equal([address]);
    expect(Object.keys(found.headers)).to.not.include('bcc');
    expect((await source(found.id)).split(/\r?\n\r?\n/)[0]).to.not.match(/^(Bcc|<evil)/im);
  });

  it('reads no file and fetches nothing that a text names', async () => {
    // The types allow strings alone; this is what a slip in them would meet.
    for (const text of [{ path: '/etc/hostname' }, { href: mailApi() }]) {
      const mail = newMail({ text: text as unknown as string });
      await failureOf(mailer.send(mail));
      expect(await inbox(mail.messageId)).to.have.length(0);
    }
  });

  it('is refused for good when the address is none', async () => {
    for (const bad of ['', 'ana.segredo@example.org>\r\nRCPT TO:<evil@example.org']) {
      const mail = newMail({ to: { name: 'Ana', address: bad } });
      expect((await failureOf(mailer.send(mail))).kind, bad).to.equal('permanent');
      expect(await inbox(mail.messageId)).to.have.length(0);
    }
  });

  it('sends many over few connections', async () => {
    const mails = Array.from({ length: 30 }, () => newMail());
    await Promise.all(mails.map((mail) => mailer.send(mail)));
    for (const mail of mails) await arrived(mail.messageId);
  });
});

describe('mail, of a visit that two barbers give', () => {
  let database: TestDatabase;
  let mailer: Mailer;
  let network: TestNetwork;
  let appointmentId: string;
  let day: string;
  const endsAt = () => Date.parse(network.at('11:15', 3));

  before(async () => {
    database = await createDatabase();
    mailer = createMailer({ smtpUrl: required('TEST_SMTP_URL') });
  });
  after(async () => {
    mailer?.close();
    await database?.drop();
  });

  /** Cut and wash by the first barber, the beard between them by the second; both read the shop's mail. */
  beforeEach(async () => {
    network = await buildNetwork(database.orm, { barbers: 2 });
    appointmentId = randomUUID();
    const { networkId, shopId, serviceId, apiClientId, barberIds: [first = '', second = ''], timeZone, at } = network;
    day = new Intl.DateTimeFormat('pt-PT', { dateStyle: 'full', timeZone }).format(new Date(at('10:00', 3)));
    const em = database.orm.em.fork();
    const [beard, wash, customerId] = [randomUUID(), randomUUID(), randomUUID()];
    for (const [id, name, minutes] of [[beard, 'Barba', 30], [wash, 'Lavagem', 15]] as const)
      await em.insert(Service, { id, networkId, name, durationMinutes: minutes, segments: [{ kind: 'busy', minutes }], priceCents: 1000, currency: 'EUR', settings: {}, archivedAt: null, version: 1 });
    await em.nativeUpdate(Barber, { networkId }, { email: 'loja@barbers.example' });
    await em.insert(Customer, { id: customerId, networkId, createdAt: new Date() });
    await em.insert(Contact, { id: appointmentId, networkId, customerId, name: 'Rui', email: address, phone: null, timeZone, locale: 'pt-PT', createdAt: new Date() });
    await em.insert(Appointment, {
      id: appointmentId, networkId, shopId, serviceId, barberId: first, customerId, apiClientId, status: 'confirmed', startsAt: new Date(at('10:00', 3)), endsAt: new Date(endsAt()),
      shopTimeZone: timeZone, customerTimeZone: timeZone, promisedStart: `${toWall(Date.parse(at('10:00', 3)), timeZone).date}T10:00`, promisedOffsetMinutes: 0, priceCents: 3450, currency: 'EUR', createdAt: new Date(), version: 1,
      entry: 'book', policy: {}, cancelledLate: false,
    });
    const parts = [[serviceId, first, '10:00', '10:30', 1500], [beard, second, '10:30', '11:00', 1200], [wash, first, '11:00', '11:15', 750]] as const;
    // Written backwards: it is the position that orders them.
    await em.insertMany(AppointmentPart, parts.map(([service, barberId, from, to, priceCents], position) => ({
      id: randomUUID(), networkId, appointmentId, position, serviceId: service, barberId, startsAt: new Date(at(from, 3)), endsAt: new Date(at(to, 3)),
      priceCents, segments: [], chosen: { rule: 'asked' as const },
    })).reverse());
  });

  /** Sends them all, and answers what arrived, in their order. */
  async function send(version: number, effects: NewDelivery[]) {
    const em = database.orm.em.fork();
    insertDeliveries(em, rowOf(network.networkId, appointmentId, version), effects, new Date());
    await em.flush();
    const open = await readDeliveries(em, network.networkId, appointmentId);
    const planned = effects.map(({ kind, barberId }) => open.find((each) => each.kind === kind && each.barberId === barberId)!);
    const activities = createMessageActivities({ log: { warn: () => {}, info: () => {} }, texter: null, marks: createAddressMarks(database.orm, 'a secret of the tests, long enough for anybody'), orm: database.orm, mailer, links: createLinks({ linkSecret: 'a secret of the tests, long enough for anybody', publicUrl: 'https://bookings.example' }), mailFrom: 'bookings@punctual.example', metrics: createMetrics(async () => 0), now: () => new Date() });
    const found = [];
    for (const { id } of planned) {
      await asActivity(() => activities.sendMessage({ networkId: network.networkId, deliveryId: id, policy: defaultPolicy }));
      const mail = await arrived(`<${id}@punctual>`);
      const event = attachedTo(await source(mail.id)).replaceAll('\r\n ', '').split('\r\n');
      const value = (name: string) => event.findLast((line) => line.startsWith(name))?.replace(/^[^:]*:/, '');
      found.push({ kind: mail.headers['x-punctual-kind'], to: mail.to[0]!.address, subject: mail.subject, text: mail.text, value, times: ['DTSTART', 'DTEND'].map((name) => value(name)?.slice(-6)) });
    }
    return found;
  }

  const confirm = () => send(1, planConfirmation(Date.parse(network.at('10:00', 3)), () => [], Date.now(), network.barberIds));
  const line = (times: string) => `- ${day}, ${times} (Europe/Lisbon, UTC${toWall(endsAt(), 'Europe/Lisbon').iso.slice(-6)}): `;

  it('the confirmation to the customer, sent, tells of the whole visit', async () => {
    const [toCustomer] = await confirm();

    expect(toCustomer).to.include({ kind: 'confirmation_customer', to: address });
    expect(toCustomer!.text).to.include(`\nServiços:\n${line('10:00–10:30')}Corte, Barber 1\n${line('10:30–11:00')}Barba, Barber 2\n${line('11:00–11:15')}Lavagem, Barber 1\nOnde: `)
      .and.include('\nPreço: 34,50\u00a0€\n');
    expect(toCustomer!.times).to.deep.equal(['100000', '111500']);
    expect(toCustomer!.value('SUMMARY')).to.equal('Corte + Barba + Lavagem\\, Barbearia Ação');
  });

  it('the confirmation to each barber, sent, tells of his own share from its first start to its last end', async () => {
    const [, toFirst, toSecond] = await confirm();

    for (const mail of [toFirst, toSecond]) expect(mail).to.include({ kind: 'confirmation_barber', to: 'loja@barbers.example' });
    expect(toFirst!.subject).to.match(/^Nova marcação: .*, 10:00 \(Europe\/Lisbon\), Corte \+ Lavagem$/);
    expect(toFirst!.text).to.match(/^Olá Barber 1,\n/).and.include(`\nServiços:\n${line('10:00–10:30')}Corte\n${line('11:00–11:15')}Lavagem\nOnde: `);
    expect(toFirst!.times).to.deep.equal(['100000', '111500']);
    expect(toFirst!.value('SUMMARY')).to.equal('Corte + Lavagem\\, Rui');
    expect(toSecond!.subject).to.match(/^Nova marcação: .*, 10:30 \(Europe\/Lisbon\), Barba$/);
    expect(toSecond!.text).to.match(/^Olá Barber 2,\n/).and.include(`Quando: ${day}, 10:30–11:00 `).and.include('\nServiço: Barba\n');
    expect(toSecond!.times).to.deep.equal(['103000', '110000']);
    expect(toSecond!.value('SUMMARY')).to.equal('Barba\\, Rui');
  });

  it('the events of barbers who share a mailbox, cancelled, are each taken back and never were one', async () => {
    const confirmed = await confirm();
    await database.orm.em.fork().nativeUpdate(Appointment, { id: appointmentId }, { status: 'cancelled' });
    const cancelled = await send(2, planCancellation(endsAt(), Date.now(), network.barberIds));

    const uids = confirmed.map(({ value }) => value('UID'));
    expect(uids[0]).to.equal(`${appointmentId}@punctual`);
    expect(new Set(uids).size).to.equal(3);
    expect(cancelled.map(({ value }) => value('UID'))).to.deep.equal(uids);
    expect(cancelled.map(({ value }) => [value('METHOD'), value('SEQUENCE')])).to.deep.equal(uids.map(() => ['CANCEL', '2']));
    expect(cancelled.map(({ times }) => times)).to.deep.equal(confirmed.map(({ times }) => times));
  });
});

/** What the scripted server says to a command: a reply, `drop` to cut the line (`drop once`: this time only), `silent` to say nothing. */
type Script = Partial<Record<'greeting' | 'EHLO' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | 'end', string>>;

describe('mail, to a server that fails', () => {
  const open: (() => void)[] = [];
  afterEach(() => open.splice(0).forEach((close) => close()));

  /** A server that speaks just enough SMTP (RFC 5321). `script` may change between mails; `seen` lists commands as they come. */
  async function scripted(script: Script, options: { url?: (port: number) => string; timeouts?: Partial<MailTimeouts>; maxConnections?: number } = {}) {
    const seen: string[] = [];
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
      const say = (step: keyof Script, usual: string) => {
        const reply = script[step] ?? usual;
        if (reply === 'drop once') delete script[step];
        if (reply.startsWith('drop')) socket.destroy();
        else if (reply !== 'silent') socket.write(`${reply}\r\n`);
      };
      let content = false;
      let rest = '';
      say('greeting', '220 test ESMTP');
      socket.on('data', (chunk) => {
        const lines = (rest + chunk.toString()).split('\r\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const verb = line.slice(0, 4).toUpperCase();
          if (content && line !== '.') continue;
          if (line !== '') seen.push(content ? 'end' : verb);
          if (content) {
            content = false;
            say('end', '250 2.0.0 taken');
          } else if (verb === 'EHLO') say('EHLO', '250-test\r\n250 AUTH PLAIN');
          else if (verb === 'AUTH') say('AUTH', '235 2.7.0 welcome');
          else if (verb === 'MAIL') say('MAIL', '250 2.1.0 ok');
          else if (verb === 'RCPT') say('RCPT', '250 2.1.5 ok');
          else if (verb === 'DATA') {
            content = (script.DATA ?? '354 go on').startsWith('354');
            say('DATA', '354 go on');
          } else socket.write('250 ok\r\n');
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const mailer = createMailer({ smtpUrl: options.url?.(port) ?? `smtp://127.0.0.1:${port}`, timeouts: { ...quick, ...options.timeouts }, maxConnections: options.maxConnections ?? 1 });
    open.push(() => {
      mailer.close();
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return { mailer, seen, script, count: (verb: string) => seen.filter((one) => one === verb).length };
  }

  const signedIn = (port: number) => `smtp://user:secret@127.0.0.1:${port}`;
  const cases: [name: string, script: Script, kind: string, message: string, url?: (port: number) => string][] = [
    ['an unknown mailbox', { RCPT: `550 5.1.1 <${address}>: no such user` }, 'permanent', 'SMTP failed: EENVELOPE 550 5.1.1 RCPT TO'],
    ['a full mailbox', { RCPT: `452 4.2.2 <${address}> is over quota` }, 'transient', 'SMTP failed: EENVELOPE 452 4.2.2 RCPT TO'],
    ['greylisting', { RCPT: `451 greylisted, ${address}` }, 'transient', 'SMTP failed: EENVELOPE 451 RCPT TO'],
    ['a refused content', { end: `554 5.7.1 ${address} refuses this` }, 'permanent', 'SMTP failed: EMESSAGE 554 5.7.1 DATA'],
    ['a content that may pass later', { end: `451-4.3.0 try\r\n451 4.3.0 later ${address}` }, 'transient', 'SMTP failed: EMESSAGE 451 4.3.0 DATA'],
    ['a refused DATA', { DATA: '554 5.5.1 no valid recipients' }, 'permanent', 'SMTP failed: EENVELOPE 554 5.5.1 DATA'],
    ['a bad sequence of commands', { RCPT: '503 5.5.1 bad sequence' }, 'transient', 'SMTP failed: EENVELOPE 503 5.5.1 RCPT TO'],
    ['a refused sender', { MAIL: '550 5.7.1 sender refused' }, 'transient', 'SMTP failed: EENVELOPE 550 5.7.1 MAIL FROM'],
    ['a mail that is too large', { MAIL: '552 5.3.4 too large' }, 'permanent', 'SMTP failed: EENVELOPE 552 5.3.4 MAIL FROM'],
    ['a sender who must sign in', { MAIL: '530 5.7.0 authentication required' }, 'sign_in', 'SMTP failed: EENVELOPE 530 5.7.0 MAIL FROM'],
    ['a wrong password', { AUTH: `535 5.7.8 bad credentials for ${address}` }, 'sign_in', 'SMTP failed: EAUTH 535 5.7.8 AUTH PLAIN', signedIn],
    ['a password that cannot be checked now', { AUTH: '454 4.7.0 later' }, 'transient', 'SMTP failed: EAUTH 454 4.7.0 AUTH PLAIN', signedIn],
    ['a line dropped at the recipient', { RCPT: 'drop' }, 'transient', 'SMTP failed: ECONNECTION CONN'],
    ['a line dropped after the content', { end: 'drop' }, 'transient', 'SMTP failed: ECONNECTION CONN'],
    ['a server that shuts down', { MAIL: '421 4.3.2 shutting down' }, 'transient', 'SMTP failed: EENVELOPE 421 4.3.2 MAIL FROM'],
    ['a server that is not open for mail', { greeting: '554 5.3.2 no SMTP here' }, 'transient', 'SMTP failed: EPROTOCOL 554 5.3.2 CONN'],
    ['a server that does not greet', { greeting: 'silent' }, 'transient', 'SMTP failed: ETIMEDOUT CONN'],
    ['silence after the recipient', { RCPT: 'silent' }, 'transient', 'SMTP failed: ETIMEDOUT CONN'],
    ['silence after the content', { end: 'silent' }, 'transient', 'SMTP failed: ETIMEDOUT CONN'],
  ];
  for (const [name, script, kind, message, url] of cases) {
    it(`calls ${name} ${kind}`, async () => {
      const { mailer, count } = await scripted(script, url ? { url } : {});
      const error = await failureOf(mailer.send(newMail()));
      expect([error.kind, error.message]).to.deep.equal([kind, message]);
      expect(count('end'), 'the content went out once at most').to.be.at.most(1);
    });
  }

  it('calls a server that is away transient', async () => {
    const { mailer } = await scripted({}, { url: () => 'smtp://127.0.0.1:1' });
    expect((await failureOf(mailer.send(newMail()))).kind).to.equal('transient');
    expect((await failureOf(mailer.verify())).kind).to.equal('transient');
  });

  it('says at once, when asked, that the sign-in is refused', async () => {
    const { mailer } = await scripted({ AUTH: '535 5.7.8 no' }, { url: signedIn });
    expect((await failureOf(mailer.verify())).kind).to.equal('sign_in');
  });

  it('goes on with the next mail after any failure, the line dropped while idle included', async () => {
    const { mailer, script } = await scripted({});
    for (const failing of [{ RCPT: '550 5.1.1 no' }, { end: 'drop' }, { RCPT: 'silent' }, { MAIL: '421 bye' }] satisfies Script[]) {
      Object.assign(script, failing);
      await failureOf(mailer.send(newMail()));
      for (const step of Object.keys(failing)) delete script[step as keyof Script];
      await mailer.send(newMail());
    }
  });

  it('sends again by itself only what never left: an idle line that the server has closed', async () => {
    const { mailer, script, count } = await scripted({});
    await mailer.send(newMail());
    Object.assign(script, { MAIL: 'drop once' });
    await mailer.send(newMail());
    expect(count('end')).to.equal(2);
  });

  it('gives up in time what is still waiting for a free connection, and never sends it afterwards', async () => {
    const { mailer, script, count } = await scripted({ greeting: 'silent' }, { timeouts: { greeting: 60_000, socket: 60_000, send: 500 } });
    const waiting = [mailer.send(newMail()), mailer.send(newMail()), mailer.send(newMail())].map(failureOf);
    for (const failure of waiting) expect(await failure).to.include({ kind: 'transient', message: 'SMTP failed: EABORT' });
    delete script.greeting;
    await mailer.send(newMail());
    expect(count('MAIL')).to.equal(1);
  });

  it('gives up in time what the server does not answer, and never sends it afterwards', async () => {
    const { mailer, script, count } = await scripted({ end: 'silent' }, { timeouts: { socket: 60_000, send: 500 } });
    expect(await failureOf(mailer.send(newMail()))).to.include({ kind: 'transient', message: 'SMTP failed: EABORT' });
    const tried = count('MAIL');
    delete script.end;
    await mailer.send(newMail());
    expect([tried, count('MAIL')]).to.deep.equal([1, 2]);
  });
});
