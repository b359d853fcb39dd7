/** Goal: what a mail server answers becomes the right decision. Method: a real inbox, and a scripted SMTP server for what it never says. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect } from 'chai';
import { createMailer, MailError, type OutgoingMail } from '../../src/integrations/mail.ts';
import { invitation } from '../../src/integrations/invitation.ts';
import { required } from '../support/database.ts';
import { eventually } from '../support/engine.ts';
import { mailsOf } from '../support/inbox.ts';

const mail = (appointmentId: string): OutgoingMail => ({
  messageId: `<${randomUUID()}@punctual>`, from: { name: 'Navalha, "Chiado"', address: 'bookings@punctual.example' }, to: { name: 'Ana\r\nBcc: x@example.com', address: 'ana@example.com' },
  subject: 'Olá', text: 'texto', html: '<p>texto</p>', headers: { 'X-Punctual-Appointment': appointmentId },
  invitation: {
    method: 'REQUEST',
    content: invitation({
      method: 'REQUEST', uid: 'u@punctual', sequence: 0, stampedAt: new Date(), times: { timeZone: null, start: new Date(), end: new Date() }, summary: 's', description: 'd', location: 'l',
      organizer: { name: 'o', email: 'o@example.com' }, attendee: { name: 'a', email: 'a@example.com' },
    }),
  },
});

/** A server that follows a script: what it says to each command; null says nothing, 'drop' cuts the line. */
async function scripted(script: Record<string, string | null>) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    const answer = (command: string, usual: string) => {
      const said = command in script ? script[command] : usual;
      if (said === 'drop') socket.destroy();
      else if (said) socket.write(`${said}\r\n`);
    };
    answer('greeting', '220 test ESMTP');
    let inData = false;
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\r\n')) {
        if (inData) {
          if (line === '.') { inData = false; answer('end', '250 taken'); }
          continue;
        }
        const verb = line.slice(0, 4).toUpperCase();
        if (verb === 'EHLO') answer('EHLO', '250 test');
        else if (verb === 'MAIL') answer('MAIL', '250 ok');
        else if (verb === 'RCPT') answer('RCPT', '250 ok');
        else if (verb === 'DATA') { inData = !('DATA' in script); answer('DATA', '354 go on'); } else if (verb === 'QUIT') answer('QUIT', '221 bye');
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => { server.close(); for (const socket of sockets) socket.destroy(); },
  };
}

describe('the mailer', () => {
  it('a mail with an invitation, sent to a real inbox, arrives once with its parts and nothing added', async () => {
    const mailer = createMailer({ smtpUrl: required('TEST_SMTP_URL') });
    const id = randomUUID();
    const sent = mail(id);

    expect(await mailer.send(sent)).to.deep.equal({ providerId: sent.messageId });

    const [arrived, ...others] = await eventually(() => mailsOf(id), (found) => found.length > 0);
    expect(others).to.deep.equal([]);
    expect(arrived!.headers['message-id']).to.equal(sent.messageId);
    expect(arrived!.envelope.to.map(({ address }) => address)).to.deep.equal(['ana@example.com']);
    expect(arrived!.attachments.map(({ contentType }) => contentType)).to.include('text/calendar');
    mailer.close();
  });

  const cases: [circumstance: string, script: Record<string, string | null>, kind: string][] = [
    ['refuses the address for good', { RCPT: '550 5.1.1 <ana@example.com> unknown' }, 'permanent'],
    ['refuses the mail for good', { end: '554 5.7.1 no' }, 'permanent'],
    ['asks to come again', { RCPT: '451 4.3.0 <ana@example.com> busy' }, 'transient'],
    ['is full', { end: '452 4.2.2 full' }, 'transient'],
    ['is closed for all', { greeting: '554 no service' }, 'transient'],
    ['cuts the line in the middle', { DATA: 'drop' }, 'transient'],
    ['cuts the line after taking it', { end: 'drop' }, 'transient'],
  ];
  for (const [circumstance, script, kind] of cases) {
    it(`a server that ${circumstance}, is ${kind}, and the error names no address`, async () => {
      const server = await scripted(script);
      const mailer = createMailer({ smtpUrl: server.url });

      const error: unknown = await mailer.send(mail(randomUUID())).catch((caught: unknown) => caught);

      expect(error).to.be.instanceOf(MailError);
      expect((error as MailError).kind).to.equal(kind);
      expect((error as MailError).message).to.match(/^SMTP failed: /).and.not.to.include('ana@').and.not.to.include('unknown');
      mailer.close();
      server.close();
    });
  }

  it('a port where nothing listens, is transient', async () => {
    const mailer = createMailer({ smtpUrl: 'smtp://127.0.0.1:1' });
    const error: unknown = await mailer.send(mail(randomUUID())).catch((caught: unknown) => caught);
    expect((error as MailError).kind).to.equal('transient');
    mailer.close();
  });
});
