/**
 * Goal: a mail reaches the inbox whole, and each failure is told apart: try again, never again, or mend the account; with no word of whom
 * it was for.
 * Method: a real inbox (maildev, of the test run) by its own API and raw source; failures by a server whose every reply is scripted here.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { invitation } from '../../src/integrations/invitation.ts';
import { createMailer, MailError, type Mailer, type MailTimeouts, type OutgoingMail } from '../../src/integrations/mail.ts';
import { required } from '../support/database.ts';

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

describe('mail, to a real inbox', () => {
  type Found = { id: string; subject: string; text: string; html: string; headers: Record<string, string>; from: { address: string; name: string }[]; to: { address: string; name: string }[]; envelope: { to: { address: string }[] }; attachments?: { contentType: string }[] };
  let mailer: Mailer;
  let api: string;

  before(() => {
    mailer = createMailer({ smtpUrl: required('TEST_SMTP_URL') });
    api = required('TEST_MAIL_API');
  });
  after(() => mailer?.close());

  /** Others fill the inbox as well, so it is read in pages, and ours are known by their Message-ID. */
  async function inbox(messageId: string): Promise<Found[]> {
    const found: Found[] = [];
    for (let skip = 0; ; skip += 200) {
      const page = (await (await fetch(`${api}?skip=${skip}&limit=200`)).json()) as Found[];
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

  const source = async (id: string): Promise<string> => (await fetch(`${api}/${id}/source`)).text();

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
      const attached = /name=invite\.ics[^]*?base64[^]*?\r?\n\r?\n([A-Za-z0-9+/=\r\n]+)/.exec(raw)?.[1] ?? '';
      expect(Buffer.from(attached, 'base64').toString()).to.equal(ics(method));
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
    for (const text of [{ path: '/etc/hostname' }, { href: api }]) {
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

/** What the scripted server says to a command: a reply, `drop` to cut the line, `silent` to say nothing. */
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
        if (reply === 'drop') socket.destroy();
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
    Object.assign(script, { MAIL: 'drop' });
    const second = mailer.send(newMail());
    await new Promise((resolve) => setTimeout(resolve, 30));
    delete script.MAIL;
    await second;
    expect(count('end')).to.equal(2);
  });

  it('gives up in time what is still waiting for a free connection, and never sends it afterwards', async () => {
    const { mailer, script, count } = await scripted({ end: 'silent' }, { timeouts: { socket: 1500, send: 500 } });
    const waiting = [mailer.send(newMail()), mailer.send(newMail()), mailer.send(newMail())].map(failureOf);
    for (const failure of waiting) expect(await failure).to.include({ kind: 'transient', message: 'SMTP failed: EABORT' });
    delete script.end;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(count('MAIL')).to.equal(1);
    await mailer.send(newMail());
  });
});
