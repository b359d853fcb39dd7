/**
 * Goal: each failure is told apart: try again, never again, or mend the account; with no word of whom it was for, and no mail sent twice.
 * Method: a server whose every reply is scripted here.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { createMailer, type MailTimeouts } from '../../src/integrations/mail.ts';
import { address, failureOf, newMail } from '../support/mail.ts';

/** Milliseconds; long enough for a busy machine to answer in. */
const quick: Partial<MailTimeouts> = { connection: 1000, greeting: 1000, socket: 1000, send: 10_000 };

/** What the scripted server says to a command: a reply, `drop` to cut the line (`drop once`: this time only), `silent` to say nothing. */
type Script = Partial<Record<'greeting' | 'EHLO' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | 'end', string>>;

describe('mail, to a server that fails', () => {
  const open: (() => void)[] = [];
  afterEach(() => open.splice(0).forEach((close) => close()));

  /** A server that speaks just enough SMTP (RFC 5321). `script` may change between mails; `seen` lists commands as they come. */
  async function scripted(
    script: Script,
    options: { url?: (port: number) => string; timeouts?: Partial<MailTimeouts>; maxConnections?: number } = {},
  ) {
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
    const mailer = createMailer({
      smtpUrl: options.url?.(port) ?? `smtp://127.0.0.1:${port}`,
      timeouts: { ...quick, ...options.timeouts },
      maxConnections: options.maxConnections ?? 1,
    });
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
    [
      'a content that may pass later',
      { end: `451-4.3.0 try\r\n451 4.3.0 later ${address}` },
      'transient',
      'SMTP failed: EMESSAGE 451 4.3.0 DATA',
    ],
    ['a refused DATA', { DATA: '554 5.5.1 no valid recipients' }, 'permanent', 'SMTP failed: EENVELOPE 554 5.5.1 DATA'],
    ['a bad sequence of commands', { RCPT: '503 5.5.1 bad sequence' }, 'transient', 'SMTP failed: EENVELOPE 503 5.5.1 RCPT TO'],
    ['a refused sender', { MAIL: '550 5.7.1 sender refused' }, 'transient', 'SMTP failed: EENVELOPE 550 5.7.1 MAIL FROM'],
    ['a mail that is too large', { MAIL: '552 5.3.4 too large' }, 'permanent', 'SMTP failed: EENVELOPE 552 5.3.4 MAIL FROM'],
    ['a sender who must sign in', { MAIL: '530 5.7.0 authentication required' }, 'sign_in', 'SMTP failed: EENVELOPE 530 5.7.0 MAIL FROM'],
    [
      'a wrong password',
      { AUTH: `535 5.7.8 bad credentials for ${address}` },
      'sign_in',
      'SMTP failed: EAUTH 535 5.7.8 AUTH PLAIN',
      signedIn,
    ],
    [
      'a password that cannot be checked now',
      { AUTH: '454 4.7.0 later' },
      'transient',
      'SMTP failed: EAUTH 454 4.7.0 AUTH PLAIN',
      signedIn,
    ],
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
