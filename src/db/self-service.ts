/** Customers' links. Only the hash of a token is kept; the token is made anew from a secret whenever it has to be shown. */
import { createHash, createHmac } from 'node:crypto';
import type { AppointmentStatus } from '../domain/appointment.ts';
import type { Link, LinkPurpose } from '../domain/link.ts';
import type { EntityManager } from './orm.ts';

type Ids = { networkId: string; appointmentId: string };

export type LinkMaker = {
  /** The links of an appointment, one for each purpose. Repeating makes the same ones, until they are revoked. */
  issue: (em: EntityManager, ids: Ids, purposes: LinkPurpose[]) => Promise<Link[]>;
};

export function createLinks({ linkSecret, publicUrl }: { linkSecret: string; publicUrl: string }): LinkMaker {
  const tokenOf = (appointmentId: string, purpose: LinkPurpose, generation: number): string =>
    createHmac('sha256', linkSecret).update(`link ${appointmentId} ${purpose} ${generation}`).digest('base64url');

  return {
    async issue(em, { networkId, appointmentId }, purposes) {
      if (purposes.length === 0) return [];
      const revoked = await em.execute<{ purpose: string; count: number }[]>(
        `select purpose, count(*)::int as count
         from self_service_link
         where appointment_id = ? and network_id = ? and revoked_at is not null
         group by purpose`,
        [appointmentId, networkId],
      );
      const made = purposes.map((purpose) => ({
        purpose,
        token: tokenOf(appointmentId, purpose, revoked.find((each) => each.purpose === purpose)?.count ?? 0),
      }));
      await em.execute(
        `insert into self_service_link (token_hash, network_id, appointment_id, purpose)
         select l.hash, ?::uuid, ?::uuid, l.purpose
         from jsonb_to_recordset(?::jsonb) as l(hash text, purpose text)
         on conflict do nothing`,
        [networkId, appointmentId, JSON.stringify(made.map(({ purpose, token }) => ({ purpose, hash: hashOf(token) })))],
      );
      return made.map(({ purpose, token }) => ({ purpose, url: `${publicUrl}/visit/${token}` }));
    },
  };
}

/** What is kept of a token. */
export const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url');

/** Kills all links of an appointment that were given out; the next ones are others. Answers how many there were. */
export async function revokeLinks(em: EntityManager, { networkId, appointmentId }: Ids): Promise<number> {
  const rows = await em.execute<{ purpose: string }[]>(
    'update self_service_link set revoked_at = now() where appointment_id = ? and network_id = ? and revoked_at is null returning purpose',
    [appointmentId, networkId],
  );
  return rows.length;
}

/** What a page shows of an appointment: what the customer knows anyway, and nothing of who they are. Instants are ISO text in UTC. */
export type LinkedVisit = Ids & {
  purpose: LinkPurpose;
  status: AppointmentStatus;
  startsAt: string;
  endsAt: string;
  decideBy: string | null;
  attendanceConfirmed: boolean;
  shopName: string;
  shopAddress: string;
  shopPhone: string | null;
  shopTimeZone: string;
  shopLocale: string;
  services: string[];
  barbers: string[];
  priceCents: number;
  currency: string;
  /** The customer's language. */
  locale: string;
};

/** What a token stands for, or null: unknown and revoked ones are alike. */
export async function findLinked(em: EntityManager, token: string): Promise<LinkedVisit | null> {
  const [row] = await em.execute<LinkedVisit[]>(
    `select l.network_id as "networkId", l.appointment_id as "appointmentId", l.purpose, a.status,
       a.starts_at as "startsAt", a.ends_at as "endsAt", a.decide_by as "decideBy",
       a.attendance_confirmed_at is not null as "attendanceConfirmed",
       s.name as "shopName", s.address as "shopAddress", s.phone as "shopPhone", a.shop_time_zone as "shopTimeZone",
       s.locale as "shopLocale", a.price_cents as "priceCents", a.currency, coalesce(c.locale, s.locale) as locale,
       (select json_agg(v.name order by p.position)
        from appointment_part p
        join service v on v.id = p.service_id
        where p.appointment_id = a.id) as services,
       (select json_agg(distinct b.name)
        from appointment_part p
        join barber b on b.id = p.barber_id
        where p.appointment_id = a.id) as barbers
     from self_service_link l
     join appointment a on a.id = l.appointment_id
     join shop s on s.id = a.shop_id
     left join contact c on c.id = a.id
     where l.token_hash = ? and l.revoked_at is null`,
    [hashOf(token)],
  );
  return row ? { ...row, startsAt: iso(row.startsAt), endsAt: iso(row.endsAt), decideBy: row.decideBy && iso(row.decideBy) } : null;
}

const iso = (instant: string): string => new Date(instant).toISOString();
