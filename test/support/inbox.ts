/** The inbox of the test run, read by appointment, address or Message-ID: tests share it and never empty it. */
import { expect } from 'chai';
import { required } from './database.ts';

export type InboxMail = {
  id: string;
  subject: string;
  text: string;
  html: string;
  headers: Record<string, string>;
  from: { address: string; name: string }[];
  to: { address: string; name: string }[];
  envelope: { to: { address: string }[] };
  attachments: { contentType: string; generatedFileName: string }[];
};

export const mailApi = () => required('TEST_MAIL_API');

/** All mails about one appointment, in the order of arrival. */
export const mailsOf = (appointmentId: string): Promise<InboxMail[]> => mailsOfAny([appointmentId]);

/** All mails about some appointments, in the order of arrival. */
export const mailsOfAny = (appointmentIds: string[]): Promise<InboxMail[]> =>
  mailsThat(({ headers }) => appointmentIds.includes(headers['x-punctual-appointment'] ?? ''));

/** All mails to one address, in the order of arrival. */
export const mailsTo = (address: string): Promise<InboxMail[]> =>
  mailsThat(({ envelope }) => envelope.to.some((to) => to.address === address));

/** All mails with one Message-ID. */
export const inbox = (messageId: string): Promise<InboxMail[]> => mailsThat(({ headers }) => headers['message-id'] === messageId);

/** Others fill the inbox as well, so it is read in pages. */
async function mailsThat(fits: (mail: InboxMail) => boolean): Promise<InboxMail[]> {
  const found: InboxMail[] = [];
  for (let skip = 0; ; skip += 200) {
    const response = await fetch(`${mailApi()}?skip=${skip}&limit=200`);
    const mails = (await response.json()) as InboxMail[];
    found.push(...mails.filter(fits));
    if (mails.length < 200) return found;
  }
}

/** The text of a mail's invitation. */
export async function invitationOf({ id, attachments }: InboxMail): Promise<string> {
  return (await fetch(`${mailApi()}/${id}/attachment/${attachments[0]!.generatedFileName}`)).text();
}

/** The mail, once it is there; it must be the only one. */
export async function arrived(messageId: string): Promise<InboxMail> {
  for (const end = Date.now() + 15_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const [mail, ...more] = await inbox(messageId);
    if (mail) {
      expect(more).to.have.length(0);
      return mail;
    }
  }
  throw new Error(`${messageId} did not arrive`);
}

/** A mail as it was sent, by its id in the inbox. */
export const source = async (id: string): Promise<string> => (await fetch(`${mailApi()}/${id}/source`)).text();

/** The invitation that is attached to a mail as a file, out of its source. */
export const attachedTo = (raw: string): string =>
  Buffer.from(/name=invite\.ics[^]*?base64[^]*?\r?\n\r?\n([A-Za-z0-9+/=\r\n]+)/.exec(raw)?.[1] ?? '', 'base64').toString();
