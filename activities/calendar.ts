/**
 * Visits in barbers' own calendars. Each attempt makes the calendar agree with the appointment as it stands then: late or repeated, it does
 * no harm.
 */
import type { DeliveryContext } from '../src/db/attempt.ts';
import { findConnection, isRetriedSince, noteSignedOut, type Connection } from '../src/db/calendar-connection.ts';
import { noteRemoved, noteWritten, readVisit, type WantedVisit } from '../src/db/calendar-visit.ts';
import { eventTimes, eventUid } from '../src/domain/calendar-event.ts';
import { calendarTexts } from '../src/domain/calendar-visit.ts';
import type { Calendar, CalendarEvent } from '../src/integrations/calendar/calendar.ts';
import type { SendResult } from '../workflows/messages.ts';
import { createAttempts, type SendInput } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { asFailure } from './failure.ts';

/** An appointment that changes while it is written is written again, so often at once. */
const mostRounds = 5;

export function createCalendarActivities(deps: ActivityDeps) {
  const { orm, calendars } = deps;
  const attempts = createAttempts(deps);

  /** Writes what is wanted now, and looks whether it still is: whoever writes last has seen the last. @returns the provider's id. */
  async function settle(
    calendar: Calendar,
    context: DeliveryContext & { connectionId: string; barberId: string },
    connection: Connection,
  ): Promise<string> {
    const { networkId, appointmentId, connectionId, barberId } = context;
    const read = (): Promise<WantedVisit | null> => readVisit(orm.em.fork(), networkId, appointmentId, barberId, connectionId);
    let visit = await read();
    for (let rounds = 0; ; rounds += 1) {
      const remoteId = await apply(calendar, visit, context, connection);
      const next = await read();
      if (
        (next?.version === visit?.version && next?.isTakenAway === visit?.isTakenAway && next?.privacy === visit?.privacy) ||
        rounds === mostRounds
      )
        return remoteId;
      visit = next;
    }
  }

  async function apply(
    calendar: Calendar,
    visit: WantedVisit | null,
    context: DeliveryContext & { connectionId: string; barberId: string },
    connection: Connection,
  ): Promise<string> {
    const { networkId, appointmentId, connectionId, barberId } = context;
    const uid = eventUid(appointmentId, visit?.isSole === false ? barberId : null);
    const placed = visit?.placed ?? null;
    const ids = { networkId, appointmentId, connectionId };
    /** What another barber's connection shows under that name, in a calendar that they share, stays. */
    const remove = async (what: { uid: string; remoteId: string | null }): Promise<void> => {
      if (!visit?.sharedUids.includes(what.uid)) await calendar.remove(what);
    };
    // Its UID was another when other barbers took part, or none did.
    if (placed && placed.uid !== uid) await remove(placed);
    if (!visit || visit.look === 'none' || visit.isTakenAway || connection.state === 'ended') {
      await remove({ uid, remoteId: placed?.uid === uid ? placed.remoteId : null });
      await noteRemoved(orm.em.fork(), ids, context.id);
      return placed?.remoteId ?? uid;
    }
    const written = await calendar.put(toEvent(uid, visit), placed?.uid === uid ? placed : null);
    await noteWritten(orm.em.fork(), ids, { uid, ...written });
    return written.remoteId;
  }

  return {
    /**
     * Makes a calendar show an appointment as it stands, or not show it. Whatever was done before and whatever answers were lost: it is
     * there once, as the event's name there is ours, and what is there is read before it is written. A dead sign-in parks it until its
     * owner has signed in again.
     */
    keepCalendar: (input: SendInput): Promise<SendResult> =>
      attempts.run(input, async (context) => {
        const { barberId, connectionId } = context;
        if (!barberId || !connectionId) throw new Error("a calendar's delivery names a barber and a connection");
        const connection = await findConnection(orm.em.fork(), context.networkId, connectionId);
        if (!connection?.secrets)
          return attempts.end(context, { state: 'skipped', errorClass: 'off', errorText: 'the calendar is not connected any more' });
        // Nobody has signed in since: to try again with what was refused could lock the account. A person may mean it all the same.
        if (connection.state === 'signed_out' && !(context.retries > 0 && (await isRetriedSince(orm.em.fork(), connection, context.id))))
          return attempts.end(context, { state: 'parked', errorClass: 'sign_in', errorText: 'its owner has not signed in again yet' });
        const kept = await calendars
          .open(connection)
          .then((calendar) => settle(calendar, { ...context, barberId, connectionId }, connection))
          .catch(asFailure);
        if (typeof kept === 'string') return attempts.delivered(context, kept);
        const isStill = kept.kind !== 'sign_in' || (await noteSignedOut(orm.em.fork(), connection, kept.message));
        if (kept.kind === 'permanent') return attempts.end(context, { state: 'parked', errorClass: 'permanent', errorText: kept.message });
        return attempts.retry(context, isStill ? kept : { ...kept, kind: 'transient' }, input.policy);
      }),
  };
}

function toEvent(uid: string, visit: WantedVisit): CalendarEvent {
  const { version, isTentative, startsAt, endsAt, timeZone } = visit;
  return {
    uid,
    sequence: (version - 1) * 2,
    times: eventTimes({ startsAt: new Date(startsAt).toISOString(), endsAt: new Date(endsAt).toISOString(), timeZone }),
    isTentative,
    ...calendarTexts(visit, visit.privacy),
  };
}
