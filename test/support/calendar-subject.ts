/**
 * What the suite that all calendars pass (calendar-contract.ts) is made of: a calendar under test, its owner's hands, and what both make.
 */
import { randomUUID } from 'node:crypto';
import { merge } from '../../src/domain/intervals.ts';
import type { Interval } from '../../src/domain/rules.ts';
import {
  CalendarError,
  type Calendar,
  type CalendarErrorKind,
  type CalendarEvent,
  type Changes,
} from '../../src/integrations/calendar/calendar.ts';
import type { Answer, startScripted } from './faulty-http.ts';

/**
 * What an owner enters. Times are of `timeZone` (else Europe/Lisbon): `2026-11-30T09:00`; whole days are `2026-11-30`, the end being the
 * first day that is free again.
 */
export type Entry = {
  start: string;
  end: string;
  timeZone?: string;
  isFree?: boolean;
  /** On that weekday `count` times, but for the date `without`; that of the date `moved.on` is from `moved.start` to `moved.end`. */
  weekly?: { count: number; without: string; moved: { on: string; start: string; end: string } };
};

/** A visit, as the calendar has it. `sequence` is null where the provider keeps none. */
export type Shown = {
  uid: string;
  /** `2026-11-27T10:30:00Z` */
  start: string;
  end: string;
  sequence: number | null;
  summary: string;
  description: string;
  location: string;
  isTentative: boolean;
  invited: number;
};

export type CalendarSubject = {
  /** Reaches the provider over `line`, waits less than a second for an answer, and takes it to be `contractNow`. */
  calendar: Calendar;
  line: Awaited<ReturnType<typeof startScripted>>;
  /** The events that are there, deleted ones not. */
  shown: () => Promise<Shown[]>;
  byHand: {
    /** Answers the id by which `changes` tells it, where it is told as one object. */
    add: (entry: Entry) => Promise<string>;
    /** Also of our own events, by their `remoteId`. */
    change: (remoteId: string, entry: Entry) => Promise<void>;
    erase: (remoteId: string) => Promise<void>;
  };
  /** The same calendar, after its owner has taken the sign-in back. */
  revoked: () => Promise<Calendar>;
  /** The provider forgets the tokens that it gave so far, of which `token` is one; answers it, and others that it never knew. */
  forget: (token: string) => Promise<string[]>;
  close: () => Promise<void>;
};

export type CalendarProviderUnderTest = {
  /** An empty calendar whose owner lives in that zone. */
  open: (timeZone: string) => Promise<CalendarSubject>;
  stop: () => Promise<void>;
};

export const contractNow = '2026-11-22T10:00:00Z';
export const contractWindow: Interval = { from: Date.parse('2026-11-01T00:00:00Z'), to: Date.parse('2027-02-01T00:00:00Z') };
export const span = (from: string, to: string): Interval => ({ from: Date.parse(from), to: Date.parse(to) });

/** In a zone that is not the calendar's: 11:30 to 12:15 in UTC. */
export const visit = (change: Partial<CalendarEvent> = {}): CalendarEvent => ({
  uid: `${randomUUID()}@punctual`,
  sequence: 0,
  times: { timeZone: 'Atlantic/Azores', start: '2026-11-27T10:30:00', end: '2026-11-27T11:15:00' },
  summary: 'Corte, Ana Conceição',
  description: 'Olá;\nbom dia',
  location: 'Barbearia do Chiado, Rua Garrett 12',
  isTentative: false,
  ...change,
});
export const moved = (event: CalendarEvent): CalendarEvent => ({
  ...event,
  sequence: 2,
  times: { timeZone: 'Atlantic/Azores', start: '2026-11-28T15:00:00', end: '2026-11-28T15:45:00' },
});

export const failureOf = (call: Promise<unknown>): Promise<CalendarError> =>
  call.then(
    () => {
      throw new Error('it went');
    },
    (error: unknown) => {
      if (error instanceof CalendarError) return error;
      throw error;
    },
  );

/** What a client knows that keeps up with the changes: when the owner is busy, by id. */
export function createView(calendar: Calendar, window = contractWindow) {
  const known = new Map<string, Interval[]>();
  let token: string | null = null;
  return {
    known,
    update: async (): Promise<Changes> => {
      const changes = await calendar.changes(token, window);
      if (changes.isWhole) known.clear();
      for (const { remoteId, busy } of changes.objects) known.set(remoteId, busy);
      for (const remoteId of changes.gone) known.delete(remoteId);
      token = changes.token;
      return changes;
    },
    busy: () => merge([...known.values()].flat()),
  };
}

export const busyOf = ({ objects }: Changes): Interval[] => merge(objects.flatMap(({ busy }) => busy));
export const busy429: Answer = { status: 429, headers: { 'retry-after': '7' } };

/** What the parts of the suite share; `subject` and `calendar` are each test's own. */
export type ContractStage = {
  provider: CalendarProviderUnderTest;
  subject: CalendarSubject;
  calendar: Calendar;
  hasSequence: boolean;
  brief: () => Promise<Pick<Shown, 'uid' | 'start' | 'sequence'>[]>;
  at: (event: CalendarEvent, start: string) => Pick<Shown, 'uid' | 'start' | 'sequence'>;
  /**
   * Breaks the first request, tries again, breaks the second, and so on until it goes through before the line breaks. Answers how many
   * broke.
   */
  breakEach: (fault: Answer, kind: CalendarErrorKind, doing: () => Promise<unknown>) => Promise<number>;
};
