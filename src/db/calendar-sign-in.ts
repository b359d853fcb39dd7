/** Dead sign-ins of calendars: whom to tell, the link by which the owner signs in again, and what happens when he has. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { CalendarPrivacy } from '../domain/calendar-visit.ts';
import type { CalendarProvider } from '../domain/channel.ts';
import type { EntityManager } from './orm.ts';

/** A calendar that waits for its owner, and where. */
export type WaitingCalendar = {
  id: string;
  networkId: string;
  barberId: string;
  provider: CalendarProvider;
  account: string;
  calendarId: string;
  calendarName: string;
  locale: string;
  privacy: CalendarPrivacy;
  writes: boolean;
  reads: boolean;
  signedOutAt: string;
};

const columns = `c.id, c.network_id as "networkId", c.barber_id as "barberId", c.provider, c.account,
  c.calendar_id as "calendarId", c.calendar_name as "calendarName", b.locale, c.privacy, c.writes, c.reads,
  to_char(c.signed_out_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "signedOutAt"`;

/** Links to the page on which one signs in again. One dies with the sign-in that it leads to: the next time has another. */
export function createSignInLinks({ linkSecret, publicUrl }: { linkSecret: string; publicUrl: string }) {
  const tokenOf = ({ id, signedOutAt }: Pick<WaitingCalendar, 'id' | 'signedOutAt'>): string =>
    createHmac('sha256', linkSecret).update(`calendar ${id} ${signedOutAt}`).digest('base64url');
  return {
    url: (calendar: Pick<WaitingCalendar, 'id' | 'signedOutAt'>): string => `${publicUrl}/calendars/${calendar.id}/${tokenOf(calendar)}`,
    /** The calendar that waits behind this link, or null. */
    find: async (em: EntityManager, id: string, token: string): Promise<WaitingCalendar | null> => {
      const [found] = await em.execute<WaitingCalendar[]>(
        `select ${columns} from calendar_connection c join barber b on b.id = c.barber_id where c.id = ? and c.state = 'signed_out'`,
        [id],
      );
      const right = found && Buffer.from(tokenOf(found));
      const given = Buffer.from(token);
      return right && right.length === given.length && timingSafeEqual(right, given) ? found : null;
    },
  };
}

export type ToTell = WaitingCalendar & { barberName: string; waiting: number; /** The barber's, and his shops'. */ addresses: string[] };

/** Calendars whose dead sign-in nobody has been told of for a day. */
export async function findToTell(em: EntityManager): Promise<ToTell[]> {
  return em.execute<ToTell[]>(
    `select ${columns}, b.name as "barberName",
       (select count(distinct d.appointment_id)::int
        from delivery d
        where d.connection_id = c.id and d.state = 'parked') as waiting,
       array(
         select distinct address
         from (
           select b.email as address
           union all
           select s.email
           from assignment a
           join shop s on s.id = a.shop_id
           where a.barber_id = b.id and s.archived_at is null) t
         where address is not null) as addresses
     from calendar_connection c
     join barber b on b.id = c.barber_id
     where c.state = 'signed_out' and coalesce(c.told_at, '-infinity') < now() - interval '1 day'
     order by c.signed_out_at
     limit 500`,
  );
}

export const noteTold = (em: EntityManager, id: string): Promise<unknown> =>
  em.execute('update calendar_connection set told_at = now() where id = ?', [id]);

/** The owner has signed in again. */
export async function resumeConnection(em: EntityManager, id: string, secrets: string): Promise<void> {
  await em.execute(
    `update calendar_connection
     set secrets = ?, state = 'connected', signed_out_at = null, told_at = null,
       error_class = null, error_text = null, version = version + 1
     where id = ? and state = 'signed_out'`,
    [secrets, id],
  );
}

/**
 * The new sign-in is also theirs who had this calendar before, and ended while nothing could be taken away there. `seal` makes the stored
 * secret for an id.
 * @returns their ids.
 */
export async function signInEnded(
  em: EntityManager,
  networkId: string,
  { provider, account, calendarId }: Pick<WaitingCalendar, 'provider' | 'account' | 'calendarId'>,
  seal: (id: string) => Promise<string>,
): Promise<string[]> {
  const ended = await em.execute<{ id: string }[]>(
    `select c.id
     from calendar_connection c
     where c.network_id = ? and c.provider = ? and c.calendar_id = ? and c.state = 'ended'
       and exists (select from delivery d where d.connection_id = c.id and d.state in ('due', 'in_flight', 'parked'))
     order by c.id`,
    [networkId, provider, calendarId],
  );
  for (const { id } of ended)
    await em.execute(`update calendar_connection set secrets = ?, account = ?, version = version + 1 where id = ? and state = 'ended'`, [
      await seal(id),
      account,
      id,
    ]);
  return ended.map(({ id }) => id);
}
