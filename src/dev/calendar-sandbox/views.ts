/**
 * What a calendar shows in a window, now or at an earlier revision; and what changed in between: the base of both providers'
 * synchronization.
 */
import { hasOccurrenceAt, occurrencesIn, type Window } from './recurrence.ts';
import { toWall } from '../../domain/time.ts';
import type { Store } from './store.ts';
import { current, type Calendar, type Entry, type Version } from './state.ts';

/** A single event, an occurrence of a series, or an exception to one. */
export interface Instance {
  id: string;
  /** What its fields come from: itself, or its series for a plain occurrence. */
  entry: Entry;
  version: Version;
  master: Entry | null;
  /** Of an occurrence or exception: when the rule has it. */
  originalStart: number | null;
  start: number;
  end: number;
}

export const always: Window = { from: -8.64e15, to: 8.64e15 };

/** `id_20261127T103000Z`, of an all-day series `id_20261127`: Google's form; for Graph any form is as good. */
export function instanceId(masterId: string, originalStart: number, { allDay, zone }: { allDay: boolean; zone: string }): string {
  const stamp = allDay ? toWall(originalStart, zone).date : `${new Date(originalStart).toISOString().slice(0, 19)}Z`;
  return `${masterId}_${stamp.replaceAll(/[-:]/g, '')}`;
}

export const versionAt = (entry: Entry, revision: number): Version | undefined =>
  entry.versions.findLast((one) => one.revision <= revision);

/**
 * The live instances that overlap the window, series expanded, as they were at `revision`; `families` narrows it to these top-level events.
 */
export function viewOf(
  store: Store,
  calendar: Calendar,
  window: Window,
  revision = calendar.revision,
  families?: Set<string>,
): Map<string, Instance> {
  const found = new Map<string, Instance>();
  for (const entry of calendar.entries) {
    if (entry.masterId !== null || (families && !families.has(entry.id))) continue;
    const version = versionAt(entry, revision);
    if (!version || version.deleted) continue;
    for (const one of instancesOf(store, calendar, entry, version, window, revision))
      found.set(found.has(one.id) ? `${one.id} ${found.size}` : one.id, one);
  }
  return found;
}

/** One event's instances in the window; a single event is its own. */
export function instancesOf(
  store: Store,
  calendar: Calendar,
  entry: Entry,
  version: Version,
  window: Window,
  revision = calendar.revision,
): Instance[] {
  const { shape } = version;
  if (shape.rules === null)
    return occurrencesIn(shape, window).map((times) => ({ id: entry.id, entry, version, master: null, originalStart: null, ...times }));
  const exceptions = new Map<number, { entry: Entry; version: Version }>();
  for (const one of store.exceptions(calendar, entry.id)) {
    const its = versionAt(one, revision);
    if (its && one.originalStart !== null && hasOccurrenceAt(shape, one.originalStart))
      exceptions.set(one.originalStart, { entry: one, version: its });
  }
  const plain = occurrencesIn(shape, window)
    .filter(({ start }) => !exceptions.has(start))
    .map((times): Instance => ({
      id: instanceId(entry.id, times.start, shape),
      entry,
      version,
      master: entry,
      originalStart: times.start,
      ...times,
    }));
  const changed = [...exceptions]
    .filter(([, one]) => !one.version.deleted)
    .flatMap(([originalStart, one]) =>
      occurrencesIn(one.version.shape, window).map((times): Instance => ({
        id: one.entry.id,
        ...one,
        master: entry,
        originalStart,
        ...times,
      })),
    );
  return [...plain, ...changed].sort((a, b) => a.start - b.start);
}

/** An event or an exception as it is stored. */
export function storedInstance(store: Store, calendar: Calendar, entry: Entry, version = current(entry)): Instance {
  const master = entry.masterId === null ? null : (store.entry(calendar, entry.masterId) ?? null);
  return { id: entry.id, entry, version, master, originalStart: entry.originalStart, start: version.shape.start, end: version.shape.end };
}

/** What is in the window and was written since `since`, and what was in it then and is no more (as it was then). */
export function changesSince(store: Store, calendar: Calendar, window: Window, since: number): { changed: Instance[]; gone: Instance[] } {
  const families = new Set(
    calendar.entries.filter((entry) => entry.versions.at(-1)!.revision > since).map((entry) => entry.masterId ?? entry.id),
  );
  const [before, now] = [viewOf(store, calendar, window, since, families), viewOf(store, calendar, window, calendar.revision, families)];
  return {
    changed: [...now].filter(([id, one]) => one.version.revision > since || !before.has(id)).map(([, one]) => one),
    gone: [...before].filter(([id]) => !now.has(id)).map(([, one]) => one),
  };
}

/** The occurrence of a live series that an id means; `master` has it by its rule, whether or not it was changed since. */
export function findOccurrence(
  store: Store,
  calendar: Calendar,
  id: string,
): { master: Entry; originalStart: number; end: number } | undefined {
  const match = /^(.+)_(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)Z)?$/.exec(id);
  const master = match && store.entry(calendar, match[1]!);
  if (!master || master.versions.at(-1)!.deleted) return undefined;
  const { shape } = master.versions.at(-1)!;
  const near = Date.UTC(
    Number(match[2]),
    Number(match[3]) - 1,
    Number(match[4]),
    Number(match[5] ?? 0),
    Number(match[6] ?? 0),
    Number(match[7] ?? 0),
  );
  const found =
    shape.rules &&
    occurrencesIn(shape, { from: near - 90_000_000, to: near + 90_000_000 }).find(
      ({ start }) => instanceId(master.id, start, shape) === id,
    );
  return found ? { master, originalStart: found.start, end: found.end } : undefined;
}
