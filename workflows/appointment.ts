/**
 * An appointment, from the first request to the day after the visit: an actor with a mailbox. It reserves the time, answers, and then lives
 * by what it is asked (the update `change`) and by the clock (a hold that expires, a guest who does not come). The row decides what is
 * allowed; each change answers where the appointment stands, and the loop below follows: which messages to send or stop, until when to
 * wait. Guaranteed: one decision, written in the database before anybody is told; every effect ends delivered, skipped or parked; every
 * path ends with its update handlers finished. A confirmed appointment is one whose slot is ours, not one whose effects are done.
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  patched,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { Change, ChangeResult } from '../src/domain/change.ts';
import type { Stand } from '../src/domain/outcome.ts';
import { earlierLife } from './earlier-life.ts';
import { deliverAll, startSending, type Sending } from './effects.ts';
import {
  bookUpdate,
  changeUpdate,
  givenUpSignal,
  redeliverUpdate,
  searchAttributes,
  stateQuery,
  type AppointmentInput,
  type AppointmentState,
} from './messages.ts';
import { change, forgetContact, reserve } from './reservation.ts';
import { offerFreedTime } from './waitlist.ts';

const byTheClock = { actor: 'timer', by: 'timer', source: 'timer' } as const;
const byAnOperator = { actor: 'operator', by: 'operator', source: 'temporal' } as const;

export async function appointment(input: AppointmentInput): Promise<AppointmentState> {
  if (!patched('whole-life')) return earlierLife(input);
  const state: AppointmentState = { step: 'reserving', outcome: null };
  let stand: Stand | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  let sending: Sending | undefined;

  setHandler(stateQuery, () => state);
  setHandler(bookUpdate, async () => {
    await condition(() => state.outcome !== null);
    return state.outcome!;
  });
  setHandler(changeUpdate, ask);
  setHandler(givenUpSignal, (ids) => {
    sending?.giveUp(ids);
  });
  setHandler(redeliverUpdate, (reopened) => {
    sending?.again(reopened);
    return sending !== undefined;
  });
  // "Request cancellation" in the Temporal UI means the appointment: without this, it would stay confirmed and be forgotten.
  CancellationScope.current().cancelRequested.catch(() =>
    CancellationScope.nonCancellable(() => ask({ action: 'cancel', ...byAnOperator })),
  );
  return CancellationScope.nonCancellable(live);

  async function live(): Promise<AppointmentState> {
    const decided = await reserve(input);
    state.outcome = decided.outcome;
    if (decided.stand) {
      follow(decided.stand);
      sending = startSending(input, (parked) => upsertSearchAttributes([{ key: searchAttributes.parked, value: parked }]));
      await untilTheEnd(sending);
      sending = undefined;
    } else {
      state.step = 'refused';
      upsertSearchAttributes([{ key: searchAttributes.status, value: 'refused' }]);
      if (decided.toldPending) {
        await deliverAll(input, decided.deliveries);
        await forgetContact(input);
      }
    }
    await condition(allHandlersFinished);
    return state;
  }

  /** Sends what is due, waits for the next thing to happen, and begins again; ends when nothing can happen any more. */
  async function untilTheEnd(sending: Sending): Promise<void> {
    for (;;) {
      const at = stand!;
      await sending.adjust(at);
      if (at.freed) await offerFreedTime(input, at.version);
      for (let changed = stand !== at; !changed;) {
        const nextDue = sending.startDue();
        // On a slow worker, what a change planned for "now" is ahead of this clock, which stands still during a local activity.
        if (!at.wake && nextDue === null) return sending.done();
        const wakeAt = at.wake ? Date.parse(at.wake.at) : Infinity;
        const pause = Math.min(wakeAt, nextDue ?? wakeAt) - Date.now();
        changed = await condition(() => stand !== at, Math.max(pause, 1000));
        if (changed || !at.wake || Date.now() < wakeAt) continue;
        if (at.wake.action === 'close') return sending.done();
        await ask({ action: at.wake.action, ...byTheClock });
        changed = stand !== at;
      }
    }
  }

  /**
   * One change after the other, in the order of their coming. Not only for fairness: of two local activities that run at once, the worker
   * that takes over resolves the first that began, not the first that ended (sdk-typescript 1744, sdk-python 1881), and would get stuck.
   */
  function ask(wanted: Change): Promise<ChangeResult> {
    const mine = turn.then(() => decide(wanted));
    turn = mine.catch(() => undefined);
    return mine;
  }

  async function decide(wanted: Change): Promise<ChangeResult> {
    await condition(() => state.outcome !== null);
    if (!state.outcome!.ok) return { ok: false, code: 'not_found' };
    const result = await change(input, wanted);
    if (result.stand) follow(result.stand);
    return result;
  }

  /** Answers of two changes at once may arrive in either order. */
  function follow(next: Stand): void {
    if (stand && next.version <= stand.version) return;
    if (stand?.status !== next.status || stand.barberId !== next.barberId || stand.startsAt !== next.startsAt) {
      upsertSearchAttributes([
        { key: searchAttributes.status, value: next.status },
        { key: searchAttributes.barber, value: next.barberId },
        ...(stand && stand.startsAt !== next.startsAt ? [{ key: searchAttributes.startsAt, value: new Date(next.startsAt) }] : []),
      ]);
    }
    setCurrentDetails(describe(next));
    stand = next;
    state.step = next.status;
    state.version = next.version;
  }
}

/** For whoever looks at the workflow in the Temporal UI; ids and instants, as everywhere here. */
const describe = ({ status, version, startsAt, wake, effects }: Stand): string =>
  [
    `**${status}** (version ${version}), starts at ${startsAt}`,
    ...(wake ? [`${wake.at}: ${wake.action}, unless something happens before`] : []),
    ...effects.map(({ kind, dueAt }) => `${dueAt}: ${kind}`),
  ].join('\n\n');
