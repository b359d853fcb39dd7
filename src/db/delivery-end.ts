/** How an attempt at a delivery ends: the delivery's end, a failure and the next try, or the next way. It began in attempt.ts. */
import type { Channel } from '../domain/channel.ts';
import type { DeliveryKind, DeliveryState } from '../domain/effects.ts';
import type { EntityManager } from './orm.ts';

/** Which attempt says so: what was overtaken by another one knows nothing of how the delivery stands. */
export type Attempt = { networkId: string; id: string; beganAt: string };

/**
 * `next`: the way that it goes on by, should its provider have said already that what was handed over will not arrive. `beganAt` names the
 * attempt; what has gone has gone, also by one that was overtaken, so with `delivered` it is left out.
 */
export type DeliveryEnd = {
  beganAt?: string;
  state: 'delivered' | 'parked' | 'skipped';
  providerId?: string;
  errorClass?: string;
  errorText?: string;
  next?: Channel | null;
};

/** What is taken back when the undo is delivered: every telling of a visit, to the same reader. */
const undone: Partial<Record<DeliveryKind, DeliveryKind[]>> = {
  cancellation_customer: ['confirmation_customer', 'rescheduled_customer'],
  cancellation_barber: ['confirmation_barber', 'rescheduled_barber'],
};

/**
 * Ends a delivery, once: a late attempt changes nothing any more. What was taken back meanwhile, or has outlived its use, needs no person,
 * so it is skipped where it would be parked. What its provider has already said will not arrive is due by the next way, or bounced where
 * there is none or nobody wants it any more. Where it takes back what was delivered before, that is undone. Error texts carry no personal
 * data.
 * @returns the state that it is in now; `skipped` when there is none such.
 */
export async function endDelivery(em: EntityManager, networkId: string, id: string, end: DeliveryEnd): Promise<DeliveryState> {
  const [ended] = await em.execute<{ kind: DeliveryKind; state: DeliveryState }[]>(
    `with d as (
       select d.*, fails.yes as fails,
         fails.yes and k.next is not null and d.withdrawn_at is null and d.useful_until > now() as goes_on,
         k.next
       from delivery d
       cross join (select ?::text as next, ?::text as state, ?::text as provider_id) k
       cross join lateral (
         select k.state = 'delivered' and d.error_class = 'undelivered' and d.confirmed_at is null and d.provider_id = k.provider_id as yes) fails
       where d.id = ? and d.network_id = ? and d.finished_at is null
         and coalesce(d.attempt_began_at = ?::timestamptz, true)
       for update of d)
     update delivery x
     set handover_since = null,
       error_text = coalesce(?, x.error_text),
       finished_at = case when d.goes_on then null else now() end,
       provider_id = case when d.goes_on then null else coalesce(?, x.provider_id) end,
       attempts = case when d.goes_on then 0 else x.attempts end,
       channel = case when d.goes_on then d.next else x.channel end,
       error_class = case
         when ? = 'parked' and x.withdrawn_at is null and x.useful_until <= now() then 'too_late'
         else coalesce(?, x.error_class)
       end,
       state = case
         when d.goes_on then 'due'
         when ? = 'parked' and x.confirmed_at is not null and x.provider_id is not null then 'delivered'
         when d.fails then 'bounced'
         when ? = 'parked' and (x.withdrawn_at is not null or x.useful_until <= now()) then 'skipped'
         else ?
       end
     from d
     where x.id = d.id
     returning x.kind, x.state`,
    [
      end.next ?? null,
      end.state,
      end.providerId ?? null,
      id,
      networkId,
      end.beganAt ?? null,
      end.errorText ?? null,
      end.providerId ?? null,
      end.state,
      end.errorClass ?? null,
      end.state,
      end.state,
      end.state,
    ],
  );
  if (!ended) {
    const [found] = await em.execute<{ state: DeliveryState }[]>('select state from delivery where id = ? and network_id = ?', [
      id,
      networkId,
    ]);
    return found?.state ?? 'skipped';
  }
  if (ended.state === 'delivered') await takeBack(em, id, ended.kind);
  return ended.state;
}

/** It is delivered: what it takes back is undone. */
export async function takeBack(em: EntityManager, id: string, kind: DeliveryKind): Promise<void> {
  const kinds = undone[kind];
  if (!kinds) return;
  await em.execute(
    `update delivery d
     set state = 'undone'
     from delivery undo
     where undo.id = ?
       and d.appointment_id = undo.appointment_id and d.network_id = undo.network_id and d.state = 'delivered'
       and d.kind = any(?::text[]) and d.channel = undo.channel and d.sequence < undo.sequence
       and (
         d.barber_id is not distinct from undo.barber_id
         or (d.barber_id is null and undo.about ->> 'sole' = 'true'))`,
    [id, `{${kinds.join(',')}}`],
  );
}

/** In SQL: the delivery is open, and the attempt that speaks of it the last one. */
const isOf = 'id = ? and network_id = ? and finished_at is null and attempt_began_at = ?::timestamptz';

/** In SQL: its provider has told so while the attempt ran whose answer is lost. */
const hasArrived = '(confirmed_at is not null and provider_id is not null)';

/** Notes why an attempt failed and when the next one is; the effect stays open for it, unless it was withdrawn meanwhile. */
export async function noteFailure(
  em: EntityManager,
  { networkId, id, beganAt }: Attempt,
  error: { errorClass: string; errorText: string; waitSeconds: number },
): Promise<void> {
  await em.execute(
    `update delivery
     set error_class = ?, error_text = ?, next_try_at = now() + make_interval(secs => ?),
       state = case when ${hasArrived} then 'delivered' when withdrawn_at is null then 'due' else 'skipped' end,
       finished_at = case when ${hasArrived} or withdrawn_at is not null then now() end
     where ${isOf}`,
    [error.errorClass, error.errorText, error.waitSeconds, id, networkId, beganAt],
  );
}

/**
 * An attempt that came at a wrong time is as if it had not begun, and the next one comes later; the effect stays open for it, unless it was
 * withdrawn meanwhile. What an earlier one left in doubt stays so.
 */
export async function putOff(
  em: EntityManager,
  { networkId, id, beganAt }: Attempt,
  { waitSeconds, unclear }: { waitSeconds: number; unclear: boolean },
): Promise<void> {
  await em.execute(
    `update delivery
     set error_class = case when ? then 'unclear' else error_class end,
       attempts = attempts - 1,
       first_tried_at = case when attempts > 1 or channel <> channels[1] then first_tried_at end,
       next_try_at = now() + make_interval(secs => ?),
       state = case when withdrawn_at is null then 'due' else 'skipped' end,
       finished_at = case when withdrawn_at is not null then now() end
     where ${isOf}`,
    [unclear, waitSeconds, id, networkId, beganAt],
  );
}

/** What is noted of a delivery that goes on by the next way, until a try by that fails. */
export const passedOn = 'not reached by the way before';

/** It cannot go by this way: the next one begins with the short waits again, within the time that the effect has in all. */
export async function takeNextChannel(
  em: EntityManager,
  { networkId, id, beganAt }: Attempt,
  to: Channel,
  errorClass: string,
): Promise<void> {
  await em.execute(
    `update delivery
     set channel = ?, attempts = 0, provider_id = null, error_class = ?, error_text = '${passedOn}',
       state = case when withdrawn_at is null then 'due' else 'skipped' end,
       finished_at = case when withdrawn_at is not null then now() end
     where ${isOf}`,
    [to, errorClass, id, networkId, beganAt],
  );
}
