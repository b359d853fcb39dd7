/** Mails to send straight through the mailer, and how they fail: never with a word of whom they were for. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { MailError, type OutgoingMail } from '../../src/integrations/mail.ts';

export const address = 'ana.segredo@example.org';

export const newMail = (change: Partial<OutgoingMail> = {}): OutgoingMail => ({
  messageId: `<${randomUUID()}@punctual>`,
  from: { name: 'Barbearia "O Zé", Lda', address: 'bookings@punctual.example' },
  replyTo: null,
  to: { name: 'Ana Conceição', address },
  subject: 'Marcação confirmada 💈',
  text: 'Olá Ana\n.\nadeus\n',
  html: '<p>Olá Ana</p>',
  headers: { 'X-Punctual-Kind': 'confirmation_customer' },
  invitation: null,
  ...change,
});

export async function failureOf(doing: Promise<unknown>): Promise<MailError> {
  const outcome = await doing.then(
    () => 'sent',
    (error: unknown) => error,
  );
  if (!(outcome instanceof MailError)) throw new Error(`expected a MailError, got ${String(outcome)}`);
  expect(JSON.stringify([outcome.message, outcome.stack, outcome.cause ?? null])).not.to.match(/segredo|example\.org/);
  return outcome;
}
