/** Being told of changes: a channel for each calendar whose provider has such, opened and renewed ahead of its end. */
import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { beginChannel, dropChannel, listChannels, noteChannel, type KnownChannel } from '../src/db/calendar-channel.ts';
import { type Connection } from '../src/db/calendar-connection.ts';
import type { CalendarProvider } from '../src/domain/channel.ts';
import { DAY, MINUTE } from '../src/domain/time.ts';
import { CalendarError, type Calendar, type Channel, type Push } from '../src/integrations/calendar/calendar.ts';
import type { ActivityDeps } from './deps.ts';

/** So long before its end a channel is renewed; of one that lives shorter, half its life. */
const aheadMs = DAY;
/** After a refusal that time alone does not mend, such as an address that the provider does not take. */
const [againMs, muchLaterMs] = [10 * MINUTE, 6 * 60 * MINUTE];

export type Watching = {
  /** Where a provider calls; null: it cannot reach us. */
  hookUrl: ((provider: CalendarProvider, channelId: string) => string) | null;
};

export function createWatching({ orm, log, now, hookUrl }: Pick<ActivityDeps, 'orm' | 'log' | 'now'> & Watching) {
  /** After a failure that is not the sign-in's, a calendar is asked by the clock until this instant. */
  const restUntil = new Map<string, number>();
  const renewAtOf = (expiresAt: Date): Date =>
    new Date(expiresAt.getTime() - Math.min(aheadMs, (expiresAt.getTime() - now().getTime()) / 2));

  async function open(push: Push, { id: connectionId, provider }: Connection): Promise<void> {
    const [id, secret] = [uuidv7(), randomBytes(24).toString('base64url')];
    await beginChannel(orm.em.fork(), connectionId, { id, secret });
    try {
      const opened = await push.open({ id, secret, address: hookUrl!(provider, id) });
      if (!(await noteChannel(orm.em.fork(), id, { ...opened, renewAt: renewAtOf(opened.expiresAt) }))) await push.close({ id, ...opened });
    } catch (error) {
      await dropChannel(orm.em.fork(), id);
      throw error;
    }
  }

  /** Whom nobody needs any more. That a provider cannot be asked is no harm: its channels end by themselves. */
  async function closeAll(push: Push | null, channels: KnownChannel[]): Promise<void> {
    for (const { id, remoteId, expiresAt } of channels) {
      if (push && remoteId !== null && expiresAt !== null) await push.close({ id, remoteId, expiresAt }).catch(() => {});
      await dropChannel(orm.em.fork(), id);
    }
  }

  async function renewed(push: Push, connection: Connection, channels: KnownChannel[]): Promise<Date | null> {
    const known = channels.find(
      (channel): channel is Channel & { renewAt: Date; heardAt: Date | null } => channel.remoteId !== null && channel.expiresAt! > now(),
    );
    if (known && known.renewAt > now()) return known.heardAt && known.renewAt;
    const until = known ? await push.renew(known) : null;
    if (known && until) {
      const renewAt = renewAtOf(until);
      await noteChannel(orm.em.fork(), known.id, { ...known, expiresAt: until, renewAt });
      return known.heardAt && renewAt;
    }
    await open(push, connection);
    await closeAll(push, channels);
    // Whether its calls come through is known when one has come.
    return null;
  }

  return {
    /**
     * Sees to it that there is a channel. Repeating changes nothing.
     * @returns when it must be renewed; null: none that comes through, ask by the clock. Throws a CalendarError where the sign-in is dead.
     */
    keep: async (connection: Connection, { push }: Calendar): Promise<Date | null> => {
      if (!push || !hookUrl || (restUntil.get(connection.id) ?? 0) > now().getTime()) return null;
      try {
        const renewAt = await renewed(push, connection, await listChannels(orm.em.fork(), connection.id));
        restUntil.delete(connection.id);
        return renewAt;
      } catch (error) {
        if (!(error instanceof CalendarError) || error.kind === 'sign_in') throw error;
        restUntil.set(
          connection.id,
          now().getTime() + Math.max(error.kind === 'permanent' ? muchLaterMs : againMs, (error.retryAfterSeconds ?? 0) * 1000),
        );
        log.warn({ connectionId: connection.id, error: error.message }, 'a provider does not tell of changes; it is asked by the clock');
        return null;
      }
    },
    /** Of a calendar that is read no more. `open` gives it, where that can still be. */
    end: async (connectionId: string, opened: () => Promise<Calendar | null>): Promise<void> => {
      const channels = await listChannels(orm.em.fork(), connectionId);
      if (channels.length > 0) await closeAll((await opened().catch(() => null))?.push ?? null, channels);
    },
  };
}
