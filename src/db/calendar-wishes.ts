/**
 * What a connected calendar is for: what its entries tell, whether visits are written into it, and whether what is entered there is read.
 */
import type { CalendarPrivacy } from '../domain/calendar-visit.ts';
import { Problem } from '../errors.ts';
import { dropMirror } from './calendar-mirror.ts';
import { planAll } from './calendar-visit.ts';
import type { EntityManager } from './orm.ts';

export type CalendarWishes = { privacy: CalendarPrivacy; writes: boolean; reads: boolean };
/** What is left out stays as it is; see `applyWishes`. */
export type WishedFor = { [K in keyof CalendarWishes]?: CalendarWishes[K] | undefined };

/**
 * Sets what is wished, the rest stays. All visits to come are planned anew where that changes what they show, or whether they are there;
 * what was read is forgotten where nothing is to be read. The connection must be locked, or be locked by this.
 * @returns how it is now.
 */
export async function applyWishes(tx: EntityManager, networkId: string, id: string, wished: WishedFor, now: Date): Promise<CalendarWishes> {
  const [old] = await tx.execute<CalendarWishes[]>(
    'select privacy, writes, reads from calendar_connection where id = ? and network_id = ? for update',
    [id, networkId],
  );
  if (!old) throw new Problem('not_found');
  const wishes = { privacy: wished.privacy ?? old.privacy, writes: wished.writes ?? old.writes, reads: wished.reads ?? old.reads };
  await tx.execute('update calendar_connection set privacy = ?, writes = ?, reads = ? where id = ?', [
    wishes.privacy,
    wishes.writes,
    wishes.reads,
    id,
  ]);
  if (wishes.writes !== old.writes || wishes.privacy !== old.privacy) await planAll(tx, networkId, id, now);
  if (!wishes.reads && old.reads) await dropMirror(tx, networkId, id);
  return wishes;
}
