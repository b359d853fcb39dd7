/**
 * Counts the confirmation mails of this run's bookings, before anything becomes of them: a confirmation that has not gone out when its
 * appointment is cancelled or moved is withdrawn. Two readers answer the same question: maildev's inbox, where the mails really
 * arrived, and, where mail goes elsewhere, the delivery rows, which say that the mail server took them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { startProgress } from './progress.ts';

/** The appointments whose mail is there, by who should get it; `extra` counts mails beyond the first to the same person. */
export type Found = { customer: Set<string>; barber: Set<string>; extra: number };

/** Looks again and answers all that was found so far. */
export type MailReader = () => Promise<Found>;

type Mail = { id: string; headers?: Record<string, string | string[]>; to?: { address: string }[] };

const page = 200;
const lookEveryMs = 1_000;
const giveUpAfterSilenceMs = 3 * 60_000;
/** A full inbox drops its oldest mails, which moves all others up: after so many looks without news it is read from its start. */
const startOverAfterLooks = 15;

/** Reads the inbox in pages, in the order of arrival. `customers` maps the run's appointment ids to the customers' addresses. */
export function inboxReader(mailApi: string, customers: Map<string, string>): MailReader {
  const found: Found = { customer: new Set(), barber: new Set(), extra: 0 };
  const seen = new Set<string>();
  let skip = 0;
  let looksWithoutNews = 0;

  function take(mail: Mail): void {
    if (seen.has(mail.id)) return;
    seen.add(mail.id);
    const appointmentId = [mail.headers?.['x-punctual-appointment']].flat()[0]?.trim();
    const customer = appointmentId === undefined ? undefined : customers.get(appointmentId);
    const kind = [mail.headers?.['x-punctual-kind']].flat()[0]?.trim();
    if (appointmentId === undefined || customer === undefined || !kind?.startsWith('confirmation_')) return;
    const isCustomers = mail.to?.some(({ address }) => address.toLowerCase() === customer.toLowerCase());
    if (isCustomers !== (kind === 'confirmation_customer')) return;
    const side = isCustomers ? found.customer : found.barber;
    if (side.has(appointmentId)) found.extra += 1;
    side.add(appointmentId);
  }

  return async () => {
    const seenBefore = seen.size;
    for (;;) {
      const url = new URL(mailApi);
      url.searchParams.set('skip', String(skip));
      url.searchParams.set('limit', String(page));
      const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
      if (!response.ok) throw new Error(`The inbox at ${mailApi} answers ${response.status}.`);
      const mails = (await response.json()) as Mail[];
      mails.forEach(take);
      skip += mails.length;
      if (mails.length < page) break;
    }
    looksWithoutNews = seen.size > seenBefore ? 0 : looksWithoutNews + 1;
    if (looksWithoutNews % startOverAfterLooks === startOverAfterLooks - 1) skip = 0;
    return found;
  };
}

/** Reads the delivery rows in place of an inbox. */
export function deliveryReader(database: Pool, appointmentIds: string[]): MailReader {
  return async () => {
    const { rows } = await database.query<{ appointment_id: string; kind: string }>(
      `select appointment_id, kind
       from delivery
       where appointment_id = any($1::uuid[]) and state = 'delivered' and channel = 'mail'
         and kind in ('confirmation_customer', 'confirmation_barber')`,
      [appointmentIds],
    );
    const of = (kind: string): Set<string> => new Set(rows.filter((row) => row.kind === kind).map((row) => row.appointment_id));
    return { customer: of('confirmation_customer'), barber: of('confirmation_barber'), extra: 0 };
  };
}

/** Waits until each booking has its two mails, or until nothing new has come for three minutes. */
export async function waitForMails(read: MailReader, bookings: number): Promise<Found> {
  const progress = startProgress('Mails   ', bookings * 2);
  let before = -1;
  let quietSince = Date.now();
  try {
    for (;;) {
      const found = await read();
      const arrived = found.customer.size + found.barber.size;
      progress.set(arrived);
      if (arrived !== before) quietSince = Date.now();
      before = arrived;
      if (arrived >= bookings * 2 || Date.now() - quietSince > giveUpAfterSilenceMs) return found;
      await sleep(lookEveryMs);
    }
  } finally {
    progress.stop();
  }
}
