/** Sign-ins that a person has begun at Google or Microsoft and has not come back from yet. Each serves once, for a quarter of an hour. */
import type { CalendarProvider } from '../domain/channel.ts';
import type { WishedFor } from './calendar-wishes.ts';
import { hashOf } from './self-service.ts';
import type { EntityManager } from './orm.ts';

export type Authorization = {
  networkId: string;
  barberId: string;
  provider: Exclude<CalendarProvider, 'caldav'>;
  /** Which calendar is to be connected; null: the account's first. */
  calendarId: string | null;
  wishes: WishedFor;
  /** What is needed to go on and to finish, sealed for the state. */
  verifier: string;
};

/** Whose calendar it is to be, for whoever comes back. */
export type Begun = Authorization & { barberName: string; locale: string; networkName: string };

const goodForMinutes = 15;

/** Keeps a hash of the state alone: who reads the table cannot come back in somebody's name. */
export async function keepAuthorization(
  em: EntityManager,
  state: string,
  { networkId, barberId, provider, calendarId, wishes, verifier }: Authorization,
): Promise<void> {
  await em.execute(`delete from calendar_authorization where began_at < now() - interval '1 day'`);
  await em.execute(
    `insert into calendar_authorization (state_hash, network_id, barber_id, provider, calendar_id, wishes, verifier)
     values (?, ?, ?, ?, ?, ?::jsonb, ?)`,
    [hashOf(state), networkId, barberId, provider, calendarId, JSON.stringify(wishes), verifier],
  );
}

const isFresh = `began_at > now() - interval '${goodForMinutes} minutes'`;
const begun = `(select b.name from barber b where b.id = barber_id) as "barberName",
  (select b.locale from barber b where b.id = barber_id) as locale,
  (select n.name from network n where n.id = network_id) as "networkName",
  network_id as "networkId", barber_id as "barberId", provider, calendar_id as "calendarId", wishes, verifier`;

/** From now on it is finished in this browser alone. Null when there is none, or it is too old. */
export async function bindAuthorization(em: EntityManager, state: string, browser: string): Promise<Begun | null> {
  const [row] = await em.execute<Begun[]>(
    `update calendar_authorization set browser_hash = ? where state_hash = ? and ${isFresh} returning ${begun}`,
    [hashOf(browser), hashOf(state)],
  );
  return row ?? null;
}

/** Takes it out: it serves once. Null when there is none, it is too old, or it was begun in another browser, in which it stays. */
export async function takeAuthorization(em: EntityManager, state: string, browser: string): Promise<Begun | null> {
  const [row] = await em.execute<Begun[]>(
    `delete from calendar_authorization where state_hash = ? and browser_hash = ? and ${isFresh} returning ${begun}`,
    [hashOf(state), hashOf(browser)],
  );
  return row ?? null;
}
