/** What every calendar can do for us, whoever runs it: Google, Microsoft, or a CalDAV server. */
import type { Interval } from '../../domain/rules.ts';
import type { EventTimes } from '../invitation.ts';

/** A visit, as its barber's calendar is to show it. */
export type CalendarEvent = {
  /** That of the mails' invitation; what the provider calls the event is derived from it. */
  uid: string;
  /** RFC 5545, 3.8.7.4: grows with each change. */
  sequence: number;
  times: EventTimes;
  summary: string;
  description: string;
  location: string;
  isTentative: boolean;
};

/** Where an event of ours is, by the provider's own name for it, and the version that it has there. */
export type Placed = { remoteId: string; etag: string };

/** An object of the calendar as far as we keep it: when it keeps its owner busy, and whether it is ours. */
export type RemoteObject = {
  remoteId: string;
  etag: string;
  uid: string | null;
  busy: Interval[];
  /** What it was when we wrote it; null of what others wrote. */
  mark: string | null;
  /** Nobody can tell when it is. */
  isUnreadable?: true;
};

export type Changes = {
  objects: RemoteObject[];
  /** Ids of what is no longer there. */
  gone: string[];
  /** Asked with it, the provider tells what came after. */
  token: string;
  /** All that there is; what is not named is gone. */
  isWhole: boolean;
};

/**
 * How a provider tells us that something has changed: it calls an address of ours, until `expiresAt`. `remoteId` is its own name for that.
 */
export type Channel = { id: string; remoteId: string; expiresAt: Date };

export type Push = {
  /** `id` is ours; each call carries the `secret`. Throws a CalendarError. */
  open: (wish: { id: string; address: string; secret: string }) => Promise<Omit<Channel, 'id'>>;
  /**
   * Makes it last longer. Null where another must be opened in its place: it has gone, or the provider knows no renewing. Throws a
   * CalendarError.
   */
  renew: (channel: Channel) => Promise<Date | null>;
  /** Repeating changes nothing. Throws a CalendarError. */
  close: (channel: Channel) => Promise<void>;
};

export type Calendar = {
  /**
   * Makes the calendar hold this event exactly once, whatever it held before: reads, compares, and writes only what differs. Repeating
   * changes nothing. Throws a CalendarError. `known` is where it was put before.
   */
  put: (event: CalendarEvent, known: Placed | null) => Promise<Placed>;
  /** Makes sure that the event is not there. Repeating changes nothing. Throws a CalendarError. */
  remove: (event: { uid: string; remoteId: string | null }) => Promise<void>;
  /** What has changed since `token`, or all that touches the window when there is none or it is too old. Throws a CalendarError. */
  changes: (token: string | null, window: Interval) => Promise<Changes>;
  /** Asks whether the sign-in still holds. Throws a CalendarError. */
  verify: () => Promise<void>;
  /** Null where the provider tells nothing by itself. */
  push: Push | null;
};

/** `transient`: try again; `permanent`: this will never go; `sign_in`: the owner must sign in again first. */
export type CalendarErrorKind = 'transient' | 'permanent' | 'sign_in';

/** The message holds codes only: what a server writes back may name people. */
export class CalendarError extends Error {
  readonly kind: CalendarErrorKind;
  /** What the provider asks to wait. */
  readonly retryAfterSeconds: number | null;

  /** Why its address is not asked, in a sentence for whoever gave it. */
  readonly forbidden: string | null;

  constructor(kind: CalendarErrorKind, message: string, retryAfterSeconds: number | null = null, forbidden: string | null = null) {
    super(message);
    this.name = 'CalendarError';
    this.kind = kind;
    this.retryAfterSeconds = retryAfterSeconds;
    this.forbidden = forbidden;
  }
}
