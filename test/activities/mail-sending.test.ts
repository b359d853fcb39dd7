/**
 * Goal: a mail reaches the inbox once and whole, with its invitation, and no value in it adds a reader, a header or a file.
 * Method: a real inbox (maildev, of the test run) by its own API and raw source.
 */
import { expect } from 'chai';
import { invitation } from '../../src/integrations/invitation.ts';
import { createMailer, type Mailer } from '../../src/integrations/mail.ts';
import { required } from '../support/database.ts';
import { arrived, attachedTo, inbox, mailApi, source } from '../support/inbox.ts';
import { address, failureOf, newMail } from '../support/mail.ts';

const aUid = '7b0f1c1e-8a51-5c3c-9d55-0e6a4c3a2f10@punctual';
const ics = (method: 'REQUEST' | 'CANCEL') =>
  invitation({
    method,
    uid: aUid,
    sequence: 0,
    stampedAt: new Date(0),
    times: { timeZone: 'Europe/Lisbon', start: '2026-11-27T10:30:00', end: '2026-11-27T11:15:00' },
    summary: 'Corte 💈',
    description: 'Olá',
    location: 'Rua',
    organizer: { name: 'Loja', email: 'bookings@punctual.example' },
    attendee: { name: 'Ana', email: address },
  });

describe('mail, to a real inbox', () => {
  let mailer: Mailer;

  before(() => {
    mailer = createMailer({ smtpUrl: required('TEST_SMTP_URL') });
  });
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
    const mail = newMail({
      subject: `x\r\nBcc: all@example.com`,
      to: { name: evil, address },
      from: { name: evil, address: 'bookings@punctual.example' },
      headers: { 'X-Punctual-Kind': 'a\r\nBcc: all@example.com' },
    });
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
