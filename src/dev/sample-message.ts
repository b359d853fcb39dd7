/** Every message that is ever sent, made by the very templates, of one sample visit. */
import { messageKinds, type MessageKind } from '../domain/effects.ts';
import { renderMessage } from '../domain/message.ts';
import { renderNotice } from '../domain/notice.ts';
import { renderSignedOut } from '../domain/sign-in-page.ts';
import { sampleView } from './sample-view.ts';

/** News of dead sign-ins belong to no appointment; named as in their header X-Punctual-Kind. */
const newsKinds = ['sign_in_shop', 'sign_in_barber'] as const;

export const sampleKinds = [...messageKinds, ...newsKinds] as const;
export type SampleKind = (typeof sampleKinds)[number];

/** `sms`: null where it is never written. */
export type SampleMessage = { subject: string; text: string; html: string; sms: string | null };

const isMessage = (kind: SampleKind): kind is MessageKind => messageKinds.some((each) => each === kind);

export function sampleMessage(kind: SampleKind, locale: string, publicUrl: string): SampleMessage {
  if (isMessage(kind)) {
    const message = renderMessage(kind, sampleView(kind, publicUrl), locale);
    // What a barber gets carries an invitation, so it goes by mail alone.
    return { ...message, sms: kind.endsWith('_barber') ? null : message.sms };
  }
  if (kind === 'sign_in_barber') {
    const calendar = { barberName: 'Tiago Nunes', account: 'tiago@navalha.example', calendarName: 'Trabalho', waiting: 3 };
    return { ...renderSignedOut({ ...calendar, url: `${publicUrl}/calendars/sign-in/…`, locale }), sms: null };
  }
  const shop = { name: 'Navalha Chiado', locale, count: 12, otherwise: 3 };
  // The shop hears by mail that SMS stand still, and by SMS that mails do.
  return { ...renderNotice({ ...shop, channel: 'sms' }), sms: renderNotice({ ...shop, channel: 'mail' }).sms };
}
