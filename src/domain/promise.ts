/** Whether an appointment's instant still means the wall time that was promised. Governments change clock rules; promises stay. Pure. */
import { resolveLocal, toWall } from './time.ts';

/** `wall` is the shop's local start as it was promised (`YYYY-MM-DDTHH:mm`), `offsetMinutes` what tells a repeated hour's two apart. */
export type Promised = { startsAt: number; timeZone: string; wall: string; offsetMinutes: number };

/** `broken` names the instant that the promised time means now; of a `lost` one there is none, since the clocks skip it. */
export type Kept = { kind: 'kept' } | { kind: 'broken'; startsAt: number } | { kind: 'lost' };

export function checkPromise({ startsAt, timeZone, wall, offsetMinutes }: Promised): Kept {
  const now = toWall(startsAt, timeZone);
  if (`${now.date}T${now.time}` === wall) return { kind: 'kept' };
  const meant = resolveLocal(wall, timeZone);
  if (meant.kind === 'skipped') return { kind: 'lost' };
  if (meant.kind === 'exact') return { kind: 'broken', startsAt: meant.instant };
  const same = meant.instants.find((instant) => toWall(instant, timeZone).offsetMinutes === offsetMinutes);
  return { kind: 'broken', startsAt: same ?? meant.instants[0] };
}
