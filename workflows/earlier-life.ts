/**
 * The life of appointments that began before version 3, kept so that their histories replay and their runs end as they began. It knows
 * cancelling and retiming; any other change is made on the row, and its messages are sent by `redelivery`. To be deleted when no such run
 * is left.
 */
import { allHandlersFinished, CancellationScope, condition, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import type { CancelResult, RetimeResult } from '../src/domain/change.ts';
import type { PlannedDelivery } from '../src/domain/effects.ts';
import type { Outcome } from '../src/domain/outcome.ts';
import { deliverAll } from './effects.ts';
import {
  bookUpdate,
  cancelUpdate,
  retimeUpdate,
  searchAttributes,
  stateQuery,
  type AppointmentInput,
  type AppointmentState,
} from './messages.ts';
import { forgetContact, release, reserve, retime } from './reservation.ts';

export async function earlierLife(input: AppointmentInput): Promise<AppointmentState> {
  const state: AppointmentState = { step: 'reserving', outcome: null };
  let cancellation: Extract<CancelResult, { ok: true }> | undefined;
  let retimed: Extract<RetimeResult, { ok: true }> | undefined;

  setHandler(stateQuery, () => state);
  setHandler(bookUpdate, async () => {
    await condition(() => state.outcome !== null);
    return state.outcome!;
  });
  setHandler(cancelUpdate, ({ actor }) => cancel(actor));
  setHandler(retimeUpdate, async ({ actor }) => {
    await condition(() => state.outcome !== null);
    const result: RetimeResult = state.outcome!.ok ? await retime(input, actor) : { ok: false, code: 'not_found' };
    if (result.ok) retimed = result;
    return result;
  });
  // "Request cancellation" in the Temporal UI means the appointment: without this, it would stay confirmed and be forgotten.
  CancellationScope.current().cancelRequested.catch(() => CancellationScope.nonCancellable(() => cancel('operator')));
  return CancellationScope.nonCancellable(live);

  async function live(): Promise<AppointmentState> {
    const { outcome, deliveries, toldPending } = await reserve(input);
    state.outcome = outcome;
    markDecision(state, outcome);

    if (outcome.ok) {
      await untilTheEnd(outcome.endsAt, deliveries);
    } else if (toldPending) {
      await deliverAll(input, deliveries);
      await forgetContact(input);
    }
    await condition(allHandlersFinished);
    return state;
  }

  /** Confirmations go out whatever happens to the time; reminders are planned anew when it moves. */
  async function untilTheEnd(firstEnd: string, deliveries: PlannedDelivery[]): Promise<void> {
    const effects = new CancellationScope();
    const sending = effects.run(() =>
      deliverAll(
        input,
        deliveries.filter((each) => !isReminder(each)),
      ),
    );
    let reminders = deliveries.filter(isReminder);
    let endsAt = firstEnd;
    for (;;) {
      const scope = new CancellationScope();
      const planned = reminders;
      const reminding = scope.run(() => deliverAll(input, planned));
      await condition(() => cancellation !== undefined || retimed !== undefined, Math.max(1, Date.parse(endsAt) - Date.now()));
      if (cancellation) {
        markCancelled(state);
        effects.cancel();
        scope.cancel();
        await Promise.all([sending, reminding]);
        return deliverAll(input, cancellation.deliveries);
      }
      if (!retimed) {
        await Promise.all([sending, reminding]);
        state.step = 'over';
        return;
      }
      ({ endsAt, reminders } = retimed);
      retimed = undefined;
      scope.cancel();
      await reminding;
    }
  }

  async function cancel(actor: string): Promise<CancelResult> {
    await condition(() => state.outcome !== null);
    if (!state.outcome!.ok) return { ok: false, code: 'not_found' };
    const result = await release(input, actor);
    if (result.ok) cancellation ??= result;
    return result;
  }
}

const isReminder = ({ kind }: PlannedDelivery): boolean => kind === 'reminder_customer';

function markDecision(state: AppointmentState, outcome: Outcome): void {
  state.step = outcome.ok ? 'confirmed' : 'refused';
  upsertSearchAttributes([
    { key: searchAttributes.status, value: state.step },
    ...(outcome.ok ? [{ key: searchAttributes.barber, value: outcome.barberId }] : []),
  ]);
}

function markCancelled(state: AppointmentState): void {
  state.step = 'cancelled';
  upsertSearchAttributes([{ key: searchAttributes.status, value: 'cancelled' }]);
}
