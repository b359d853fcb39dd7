/** What connecting a calendar has in common, whoever runs it: the row, and what waits for it. */
import { randomUUID } from 'node:crypto';
import { saveConnection, type NewConnection } from '../db/calendar-connection.ts';
import { reopenDeadLetters } from '../db/dead-letter.ts';
import type { CalendarProvider } from '../domain/channel.ts';
import { createAppointmentCalls } from './appointment-workflow.ts';
import type { HttpDeps } from './deps.ts';

const mostBacklog = 10_000;

export function createConnecting(deps: HttpDeps) {
  const { orm, calendarAccounts, now } = deps;
  const workflow = createAppointmentCalls(deps);

  /** Lets go what has waited for a sign-in, and reads what has changed meanwhile. */
  async function resume(networkId: string, { id, provider, reads }: { id: string; provider: CalendarProvider; reads: boolean }, actor: string): Promise<void> {
    await reopenDeadLetters(orm.em.fork(), networkId, { connectionId: id }, actor, mostBacklog);
    await workflow.handOver(randomUUID());
    if (reads) await workflow.readCalendar({ networkId, connectionId: id, provider });
  }

  return {
    resume,
    /** Connects a calendar, or the same one again; all visits to come of its owner follow where they are not there as is wished. @returns the connection's id. */
    connect: async (networkId: string, given: NewConnection, secrets: unknown, actor: string): Promise<string> => {
      const { id, reads } = await saveConnection(orm.em.fork(), networkId, given, (owner) => calendarAccounts.seal(secrets, owner), now());
      await resume(networkId, { id, provider: given.provider, reads }, actor);
      return id;
    },
  };
}
