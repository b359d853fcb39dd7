/** What connecting a calendar has in common, whoever runs it: the row, and what waits for it. */
import { randomUUID } from 'node:crypto';
import { saveConnection, type NewConnection } from '../db/calendar-connection.ts';
import { signInEnded } from '../db/calendar-sign-in.ts';
import { reopenDeadLetters } from '../db/dead-letter.ts';
import type { CalendarProvider } from '../domain/channel.ts';
import { createAppointmentCalls } from './appointment-workflow.ts';
import type { HttpDeps } from './deps.ts';

const mostBacklog = 10_000;

export function createConnecting(deps: HttpDeps) {
  const { orm, calendarAccounts, now } = deps;
  const workflow = createAppointmentCalls(deps);

  type SignedIn = { id: string; provider: CalendarProvider; account: string; calendarId: string; reads: boolean };

  /**
   * Lets go what has waited for a sign-in, also to be taken away after an earlier connection's end, and reads what has changed meanwhile.
   */
  async function resume(networkId: string, calendar: SignedIn, secrets: unknown, actor: string): Promise<void> {
    const { id, provider, reads } = calendar;
    const ended = await signInEnded(orm.em.fork(), networkId, calendar, (owner) => calendarAccounts.seal(secrets, owner));
    for (const connectionId of [id, ...ended]) await reopenDeadLetters(orm.em.fork(), networkId, { connectionId }, actor, mostBacklog);
    await workflow.handOver(randomUUID());
    if (reads) await workflow.readCalendar({ networkId, connectionId: id, provider });
  }

  return {
    resume,
    /**
     * Connects a calendar, or the same one again; all visits to come of its owner follow where they are not there as is wished.
     * @returns the connection's id.
     */
    connect: async (networkId: string, given: NewConnection, secrets: unknown, actor: string): Promise<string> => {
      const { id, reads } = await saveConnection(orm.em.fork(), networkId, given, (owner) => calendarAccounts.seal(secrets, owner), now());
      await resume(networkId, { ...given, id, reads }, secrets, actor);
      return id;
    },
  };
}
