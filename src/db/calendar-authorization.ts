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
  /** Sealed for the state. */
  verifier: string;
};

/** Whose calendar it is to be, for whoever comes back. */
export type Begun = Authorization & { barberName: string; networkName: string };

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

/** Takes it out: it serves once. Null when there is none, or it is too old. */
export async function takeAuthorization(em: EntityManager, state: string): Promise<Begun | null> {
  const [row] = await em.execute<(Begun & { fresh: boolean })[]>(
    `delete from calendar_authorization
     where state_hash = ?
     returning
       (select b.name from barber b where b.id = barber_id) as "barberName",
       (select n.name from network n where n.id = network_id) as "networkName",
       network_id as "networkId", barber_id as "barberId", provider, calendar_id as "calendarId", wishes, verifier,
       began_at > now() - interval '${goodForMinutes} minutes' as fresh`,
    [hashOf(state)],
  );
  if (!row?.fresh) return null;
  const { fresh: _, ...kept } = row;
  return kept;
}
