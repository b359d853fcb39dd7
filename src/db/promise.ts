/** Promised wall times: which appointments no longer begin at theirs, and moving one back to it. */
import type { Change, ChangeResult } from '../domain/change.ts';
import type { NewDelivery } from '../domain/effects.ts';
import { checkPromise, type Kept, type Promised } from '../domain/promise.ts';
import { planVisit } from './calendar-visit.ts';
import { lockAndJudge, Refused, writeEvent, type AppointmentIds, type ChangeOptions } from './transition.ts';
import { insertDeliveries } from './delivery.ts';
import { Appointment, AppointmentPart, type AppointmentRow } from './entities/appointment.ts';
import { bumpBarbers } from './occupancy.ts';
import type { EntityManager } from './orm.ts';
import { readStand } from './stand.ts';

/** An appointment whose promise is not kept, as an operator needs to see it. Instants are epoch milliseconds. */
export type BrokenPromise = {
  appointmentId: string;
  networkId: string;
  shopId: string;
  barberId: string;
  promised: Promised;
  found: Exclude<Kept, { kind: 'kept' }>;
};

/**
 * All appointments still to come, confirmed or waiting for approval, whose start no longer shows the promised time in the shop's zone.
 * Reads in pages; any size.
 */
export async function* findBrokenPromises(em: EntityManager, now: Date, networkId: string | null): AsyncGenerator<BrokenPromise> {
  const pageSize = 1000;
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const rows = await em
      .fork()
      .find(
        Appointment,
        { status: { $in: ['pending_approval', 'confirmed'] }, startsAt: { $gt: now }, id: { $gt: after }, ...(networkId && { networkId }) },
        { orderBy: { id: 'asc' }, limit: pageSize },
      );
    for (const row of rows) {
      const promised = promiseOf(row);
      const found = checkPromise(promised);
      if (found.kind !== 'kept')
        yield { appointmentId: row.id, networkId: row.networkId, shopId: row.shopId, barberId: row.barberId, promised, found };
    }
    if (rows.length < pageSize) return;
    after = rows.at(-1)!.id;
  }
}

const promiseOf = (row: AppointmentRow): Promised => ({
  startsAt: row.startsAt.getTime(),
  timeZone: row.shopTimeZone,
  wall: row.promisedStart,
  offsetMinutes: row.promisedOffsetMinutes,
});

/**
 * Moves an appointment, its parts, its claimed time and its reminders to the instant that the promised wall time means now. Nothing happens
 * when the promise is kept, so repeating is harmless.
 */
export async function keepPromise(
  tx: EntityManager,
  ids: AppointmentIds,
  change: Change,
  { now, closeAfterSeconds }: ChangeOptions,
): Promise<ChangeResult> {
  const at = now();
  const barberIds = await bumpBarbers(tx, ids.appointmentId, at);
  const { row } = await lockAndJudge(tx, ids, change, at);
  const parts = await tx.find(AppointmentPart, { appointmentId: row.id }, { orderBy: { position: 'asc' } });
  if (parts.some(({ barberId }) => !barberIds.includes(barberId)))
    throw new Error('an appointment moved while it was changed; trying again');
  const found = checkPromise(promiseOf(row));
  if (found.kind === 'lost') throw new Refused('skipped_local_time');
  if (found.kind === 'broken') await shift(tx, row, parts, found.startsAt - row.startsAt.getTime(), change, at);
  return { ok: true, stand: await readStand(tx, row, closeAfterSeconds) };
}

type Parts = { startsAt: Date; endsAt: Date }[];

async function shift(tx: EntityManager, row: AppointmentRow, parts: Parts, by: number, change: Change, now: Date): Promise<void> {
  const before = row.startsAt.toISOString();
  for (const each of [row, ...parts]) {
    each.startsAt = new Date(each.startsAt.getTime() + by);
    each.endsAt = new Date(each.endsAt.getTime() + by);
  }
  await tx.flush();
  await tx.execute(
    `update occupancy
     set during = tstzrange(lower(during) + make_interval(secs => ?), upper(during) + make_interval(secs => ?)),
       visit_starts_at = visit_starts_at + make_interval(secs => ?)
     where appointment_id = ?`,
    [by / 1000, by / 1000, by / 1000, row.id],
  );
  // Confirmations go out whatever happens to the time; another reminder stands in for each.
  await insertDeliveries(tx, row, await takeReminders(tx, row.id, by, now), now);
  await planVisit(tx, row, null, now);
  writeEvent(tx, row, change, row.status, now, { from: before, to: row.startsAt.toISOString() });
  await tx.flush();
}

/**
 * Takes back the reminders that wait, and answers them as they are planned anew. One in flight goes out as it is, since another beside it
 * could be a second one; should its try fail, the next one tells the new time, and is of use until it.
 */
async function takeReminders(tx: EntityManager, appointmentId: string, by: number, now: Date): Promise<NewDelivery[]> {
  const rows = await tx.execute<{ state: string; dueAt: string; usefulUntil: string }[]>(
    `with shifted as (
       select id, state = 'in_flight' as flies,
         due_at + make_interval(secs => ?) as due_at, useful_until + make_interval(secs => ?) as useful_until
       from delivery
       where appointment_id = ? and kind = 'reminder_customer'
         and state in ('due', 'in_flight', 'parked') and withdrawn_at is null
       for update)
     update delivery d
     set due_at = case when flies then s.due_at else d.due_at end,
       useful_until = case when flies then s.useful_until else d.useful_until end,
       state = case when flies then d.state else 'skipped' end,
       finished_at = case when not flies then ?::timestamptz end,
       withdrawn_at = case when not flies then ?::timestamptz end,
       error_class = case when flies then d.error_class else 'withdrawn' end,
       error_text = case when flies then d.error_text else 'retime' end,
       handover_since = null
     from shifted s
     where d.id = s.id
     returning d.state, s.due_at as "dueAt", s.useful_until as "usefulUntil"`,
    [by / 1000, by / 1000, appointmentId, now, now],
  );
  const waiting = rows.filter(({ state }) => state === 'skipped');
  return waiting.map(({ dueAt, usefulUntil }) => ({
    kind: 'reminder_customer',
    dueAt: new Date(dueAt).toISOString(),
    usefulUntil: new Date(usefulUntil).toISOString(),
  }));
}
