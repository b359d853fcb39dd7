/** Reading barbers' calendars: what has changed there is taken over, so that no customer ever waits for it. */
import type { Client } from '@temporalio/client';
import { findConnection, noteSignedOut } from '../src/db/calendar-connection.ts';
import { compare } from '../src/db/calendar-drift.ts';
import { applyChanges, findUnread, noteUnread, readAllNext, readMirrorState } from '../src/db/calendar-mirror.ts';
import { findCopies, findOwnUids } from '../src/db/calendar-own.ts';
import { appointmentOf } from '../src/domain/calendar-event.ts';
import type { CalendarProvider } from '../src/domain/channel.ts';
import { DAY } from '../src/domain/time.ts';
import { CalendarError, type Calendar, type RemoteObject } from '../src/integrations/calendar/calendar.ts';
import { calendarMirrorWorkflowId, lookSignal, type CalendarMirrorInput, type MirrorRead, type Policy } from '../workflows/messages.ts';
import { createWatching, type Watching } from './calendar-watch.ts';
import type { ActivityDeps } from './deps.ts';
import { withHeartbeat } from './heartbeat.ts';

/** So far back and ahead: visits are booked up to two years ahead, calendars are seldom that full. */
const [daysBack, daysAhead] = [1, 400];
/** What comes again and again reaches into new days: all is read anew so often. */
const wholeEvery = DAY;

/** How often each provider is asked that does not tell by itself. */
export type EverySeconds = Readonly<Record<CalendarProvider, number>>;
/** So often at least, all the same, since no provider promises that each change is told. Below the least `blindCalendarMinutes`. */
const toldEverySeconds = 240;
/** What was being written while it was read, is looked at again after this. */
const settledAfterSeconds = 5;

type ReadInput = { networkId: string; connectionId: string };

export function createMirrorActivities({
  orm,
  calendars,
  now,
  everySeconds,
  hookUrl,
  log,
}: ActivityDeps & Watching & { everySeconds: EverySeconds }) {
  const watching = createWatching({ orm, log, now, hookUrl });

  /** @param renewAt of its channel; null: the provider tells nothing by itself. */
  const againIn = (provider: CalendarProvider, renewAt: Date | null): number =>
    renewAt ? Math.max(1, Math.min(toldEverySeconds, Math.ceil((renewAt.getTime() - now().getTime()) / 1000))) : everySeconds[provider];

  async function read({ networkId, connectionId }: ReadInput): Promise<MirrorRead> {
    const [connection, mirror] = [
      await findConnection(orm.em.fork(), networkId, connectionId),
      await readMirrorState(orm.em.fork(), { id: connectionId, networkId }),
    ];
    const at = now().getTime();
    const isStale = !mirror?.wholeAt || at - Date.parse(mirror.wholeAt) >= wholeEvery;
    const isRead = connection?.state === 'connected' && mirror?.reads === true;
    if (!isRead)
      await watching.end(connectionId, async (): Promise<Calendar | null> =>
        connection && connection.secrets !== null ? calendars.open(connection) : null,
      );
    const isCompared = isRead || (connection?.state === 'connected' && mirror?.writes === true && isStale);
    if (!connection || !mirror || !isCompared) return { isOver: true, againInSeconds: 0, repaired: 0 };
    try {
      const calendar = await calendars.open(connection);
      // First, so that nothing changes between the reading and the first call.
      const renewAt = isRead ? await watching.keep(connection, calendar) : null;
      const since = isStale ? null : mirror.token;
      const askedAt = performance.now();
      const changes = await calendar.changes(since, { from: at - daysBack * DAY, to: at + daysAhead * DAY });
      const ownUids = await findOwnUids(orm.em.fork(), connection, changes.objects);
      const copies = await findCopies(orm.em.fork(), connection, changes.objects);
      const isOurs = ({ uid, remoteId }: RemoteObject): boolean =>
        uid !== null && appointmentOf(uid) !== null ? ownUids.has(uid) : copies.has(remoteId);
      const others = changes.objects.filter((object) => !isOurs(object));
      const tookSeconds = (performance.now() - askedAt) / 1000;
      const { changed, conflicts } = await applyChanges(orm.em.fork(), connection, { ...changes, since, objects: others, tookSeconds });
      const drift = await compare(orm.em.fork(), connection, {
        own: changes.objects.filter(isOurs),
        gone: changes.gone,
        isWhole: changes.isWhole,
        at: new Date(at),
      });
      if (drift.repaired + drift.conflicts > 0)
        log.warn({ connectionId, repaired: drift.repaired, conflicts: drift.conflicts }, 'a calendar did not show what it should');
      if (drift.isUnsettled) await readAllNext(orm.em.fork(), connectionId);
      if (conflicts > 0) log.warn({ connectionId, conflicts }, 'a calendar has entries on top of visits');
      const unreadable = others.filter(({ isUnreadable }) => isUnreadable).length;
      if (unreadable > 0) log.warn({ connectionId, unreadable }, 'a calendar has entries that cannot be read');
      if (changed > 0) log.info({ connectionId, changed }, 'a calendar has changed');
      return {
        isOver: !isRead && !drift.isUnsettled,
        againInSeconds: drift.isUnsettled ? settledAfterSeconds : againIn(connection.provider, renewAt),
        repaired: drift.repaired,
      };
    } catch (error) {
      if (!(error instanceof CalendarError)) throw error;
      if (error.kind === 'sign_in') {
        if (!(await noteSignedOut(orm.em.fork(), connection, error.message))) return { isOver: false, againInSeconds: 1, repaired: 0 };
        await watching.end(connectionId, async () => null);
        return { isOver: true, againInSeconds: 0, repaired: 0 };
      }
      // The age of what we know shows, and tells the shop; it is tried again in a while.
      await noteUnread(orm.em.fork(), connectionId, { errorClass: error.kind, errorText: error.message });
      return { isOver: !isRead, againInSeconds: Math.max(everySeconds[connection.provider], error.retryAfterSeconds ?? 0), repaired: 0 };
    }
  }

  return {
    /**
     * Takes over what has changed since the last time, and compares both sides; of a calendar that is only written, the latter alone, once
     * a day. Repeating it changes nothing. A dead sign-in ends the reading until its owner has signed in again.
     */
    readCalendar: (input: ReadInput): Promise<MirrorRead> => withHeartbeat(() => read(input)),
  };
}

/** So late nobody reads it any more. */
const lostAfterSeconds = 900;

export function createMirrorKeeper({ orm, client, taskQueue }: ActivityDeps & { client: Client; taskQueue: string }) {
  return {
    /** Sees to it that every connected calendar is read by a workflow. Repeating it starts nothing twice. */
    async wakeMirrors({ policy }: { policy: Policy }): Promise<number> {
      const unread = await findUnread(orm.em.fork(), lostAfterSeconds);
      for (const { id, networkId, provider } of unread) {
        await client.workflow.signalWithStart<(input: CalendarMirrorInput) => Promise<void>, []>('calendarMirror', {
          workflowId: calendarMirrorWorkflowId(id),
          taskQueue,
          args: [{ networkId, connectionId: id, policy, provider }],
          signal: lookSignal,
          signalArgs: [],
        });
      }
      return unread.length;
    },
  };
}
