/** Deliveries: one row per effect and appointment, written in the transaction of the transition that demands it. */
import { v5 as uuidv5 } from 'uuid';
import { correcting, withChannels, type Channel } from '../domain/channel.ts';
import type { DeliveryKind, NewDelivery, PlannedDelivery, Remind } from '../domain/effects.ts';
import { policyOf } from '../domain/policy.ts';
import { createRemind } from '../domain/reminders.ts';
import { Delivery, type AppointmentRow } from './entities/appointment.ts';
import type { EntityManager } from './orm.ts';

/** The id of one effect: the same on every run, so that writing it twice is noticed, and another for each barber and each way to go. */
export function deliveryId(
  appointmentId: string,
  sequence: number,
  effect: Pick<NewDelivery, 'kind' | 'dueAt' | 'barberId' | 'channels' | 'connectionId'>,
): string {
  if (effect.connectionId) return uuidv5(`${effect.kind} ${sequence} ${effect.connectionId}`, appointmentId);
  const which = effect.kind.startsWith('reminder') ? effect.dueAt : '';
  // What goes by SMS beside a mail; the first way of others may change with the rules.
  const way = effect.channels?.length === 1 && effect.channels[0] === 'sms' ? ' sms' : '';
  return uuidv5(`${effect.kind} ${sequence} ${which}${effect.barberId ?? ''}${way}`, appointmentId);
}

/** The reminders of an appointment, by the rules that it was booked under. */
export const remindOf = (row: Pick<AppointmentRow, 'id' | 'shopTimeZone' | 'policy'>): Remind =>
  createRemind(row.id, row.shopTimeZone, policyOf(row.policy));

/**
 * The SEQUENCE of what is sent after a transition (RFC 5545, 3.8.7.4): it grows with the appointment's version. What is taken back from a
 * barber who lost the visit comes before the invitation of who won it, should both read one mailbox.
 */
export const sequenceOf = (version: number, isTakenBack = false): number => (version - 1) * 2 - (isTakenBack ? 1 : 0);

/** Adds the rows to the running unit of work; the caller flushes, and then reads where the appointment stands. */
export async function insertDeliveries(
  em: EntityManager,
  { id: appointmentId, networkId, version, policy }: AppointmentRow,
  effects: NewDelivery[],
  now: Date,
): Promise<void> {
  const rules = policyOf(policy);
  // What an SMS has told, an SMS takes back, whatever the rules say of news.
  const alsoBySms = effects.some(isCorrecting) && (await isToldBySms(em, appointmentId)) ? correcting : rules.alsoBySms;
  for (const { about, channels, ...effect } of withChannels(effects, { ...rules, alsoBySms })) {
    const sequence = sequenceOf(version, effect.kind === 'cancellation_barber' && about?.parts !== undefined);
    em.create(
      Delivery,
      {
        id: deliveryId(appointmentId, sequence, { ...effect, channels }),
        networkId,
        appointmentId,
        kind: effect.kind,
        barberId: effect.barberId ?? null,
        sequence,
        about: about ?? null,
        state: 'due',
        dueAt: new Date(effect.dueAt),
        usefulUntil: new Date(effect.usefulUntil),
        attempts: 0,
        createdAt: now,
        channels,
        channel: channels[0]!,
        retries: 0,
      },
      { persist: true },
    );
  }
}

const isCorrecting = ({ kind }: NewDelivery): boolean => correcting.some((stem) => kind === `${stem}_customer`);

/** Whether an SMS has told the customer of this visit, or may have. */
async function isToldBySms(em: EntityManager, appointmentId: string): Promise<boolean> {
  const [row] = await em.execute<{ told: boolean }[]>(
    `select exists (
       select from delivery
       where appointment_id = ? and channel = 'sms' and right(kind, 9) = '_customer'
         and (state in ('delivered', 'in_flight') or (state = 'skipped' and attempts > 0))) as told`,
    [appointmentId],
  );
  return row?.told ?? false;
}

/**
 * Takes back what has not been sent: what is due or waits for a person is dropped here, what is in flight ends by itself and is not tried
 * again. Without `kinds`, everything but the news for barbers who lost a visit before: that must reach them, unless the visit has come back
 * to them (`barberIds`: who has it now) under the UID that they knew it by (`uidOf` in activities/message-parts.ts).
 */
export async function withdrawDeliveries(
  tx: EntityManager,
  appointmentId: string,
  why: string,
  now: Date,
  kinds?: DeliveryKind[],
  barberIds: string[] = [],
): Promise<void> {
  const list = kinds ? `{${kinds.join(',')}}` : null;
  await tx.execute(
    `update delivery
     set state = case state when 'in_flight' then state else 'skipped' end,
       finished_at = case state when 'in_flight' then null else ?::timestamptz end,
       withdrawn_at = ?::timestamptz, error_class = 'withdrawn', error_text = ?, handover_since = null
     where appointment_id = ? and state in ('due', 'in_flight', 'parked') and withdrawn_at is null
       and case
         when ?::text[] is null then about -> 'parts' is null or (barber_id = any(?::uuid[]) and (about -> 'sole')::boolean = ?)
         else kind = any(?::text[])
       end`,
    [now, now, why, appointmentId, list, `{${barberIds.join(',')}}`, new Set(barberIds).size === 1, list],
  );
}

/** In SQL: the shop of a delivery `d`, or null. A refused request has no appointment. */
export const shopOf = `coalesce(
  (select a.shop_id from appointment a where a.id = d.appointment_id),
  (select r.shop_id from booking_request r where r.id = d.appointment_id))`;

/**
 * In SQL: something later was written to the reader of a delivery `d`, so that `d` would only confuse him, as would a reminder of a visit
 * that has begun. What is put into a calendar is no message; and to a barber who lost the visit, only what is addressed to him is.
 */
export const isSuperseded = `(exists (
  select from delivery later
  where later.appointment_id = d.appointment_id and later.sequence > d.sequence
    and later.kind not in ('reminder_customer', 'calendar_barber') and right(later.kind, 7) = right(d.kind, 7)
    and (
      d.about -> 'parts' is null
      or coalesce(later.barber_id, (select a.barber_id from appointment a where a.id = d.appointment_id)) = d.barber_id))
  or (d.kind = 'reminder_customer'
    and exists (select from appointment a where a.id = d.appointment_id and a.status in ('checked_in', 'started', 'completed'))))`;

/** The ways that a delivery may still go, from the one that it goes now. */
export const waysLeft = (channels: Channel[], channel: Channel): Channel[] => channels.slice(channels.indexOf(channel));

/** The effects of one appointment that are still open, as the workflow knows them. */
export const readDeliveries = async (em: EntityManager, networkId: string, appointmentId: string): Promise<PlannedDelivery[]> =>
  (await readOpen(em, networkId, appointmentId)).effects;

/** Those, and the ids of the ones that wait for a person. */
export async function readOpen(
  em: EntityManager,
  networkId: string,
  appointmentId: string,
): Promise<{ effects: PlannedDelivery[]; parked: string[] }> {
  const rows = await em.find(
    Delivery,
    { networkId, appointmentId, state: { $in: ['due', 'in_flight', 'parked'] }, withdrawnAt: null },
    { orderBy: { dueAt: 'asc', id: 'asc' }, disableIdentityMap: true },
  );
  const [parked, open] = [rows.filter(({ state }) => state === 'parked'), rows.filter(({ state }) => state !== 'parked')];
  const effects = open.map((row) => ({
    id: row.id,
    kind: row.kind,
    dueAt: row.dueAt.toISOString(),
    usefulUntil: row.usefulUntil.toISOString(),
    ...(row.barberId && { barberId: row.barberId }),
    channels: waysLeft(row.channels, row.channel),
  }));
  return { effects, parked: parked.map(({ id }) => id) };
}
