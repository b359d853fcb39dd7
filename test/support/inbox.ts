/** The inbox of the test run, read by appointment: tests share it and never empty it. */
import { required } from './database.ts';

export type InboxMail = {
  id: string;
  subject: string;
  text: string;
  headers: Record<string, string>;
  envelope: { to: { address: string }[] };
  attachments: { contentType: string; generatedFileName: string }[];
};

/** All mails about one appointment, in the order of arrival. */
export const mailsOf = (appointmentId: string): Promise<InboxMail[]> => mailsThat(({ headers }) => headers['x-punctual-appointment'] === appointmentId);

/** All mails to one address, in the order of arrival. */
export const mailsTo = (address: string): Promise<InboxMail[]> => mailsThat(({ envelope }) => envelope.to.some((to) => to.address === address));

async function mailsThat(fits: (mail: InboxMail) => boolean): Promise<InboxMail[]> {
  const found: InboxMail[] = [];
  for (let skip = 0; ; skip += 200) {
    const response = await fetch(`${required('TEST_MAIL_API')}?skip=${skip}&limit=200`);
    const mails = (await response.json()) as InboxMail[];
    found.push(...mails.filter(fits));
    if (mails.length < 200) return found;
  }
}

/** The text of a mail's invitation. */
export async function invitationOf({ id, attachments }: InboxMail): Promise<string> {
  return (await fetch(`${required('TEST_MAIL_API')}/${id}/attachment/${attachments[0]!.generatedFileName}`)).text();
}
