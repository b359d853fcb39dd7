/** What the calendar sandbox remembers: plain data, so that it can be kept in a file across restarts. Instants are epoch milliseconds. */

export type Provider = 'google' | 'graph';
/** A JSON object as a provider's API takes and gives it. */
export type Json = Record<string, unknown>;
/** Who changed an event: a program by the API, or the calendar's owner by hand. */
export type Author = 'program' | 'person';

/** What every event has, whatever its provider calls it; computed when a version is written. */
export interface Shape {
  title: string;
  start: number;
  end: number;
  allDay: boolean;
  /** The IANA zone in which a series repeats. */
  zone: string;
  /** Whether it takes the time; `label` is the provider's own word. */
  busy: boolean;
  label: string;
  /** RRULE, EXDATE and RDATE lines; null for a single event. */
  rules: string[] | null;
}

/** One state of an event. Earlier ones are kept: changes since a token are told by comparing. */
export interface Version {
  /** Position in its calendar's order of changes. */
  revision: number;
  at: number;
  by: Author;
  what: 'created' | 'changed' | 'deleted' | 'restored';
  deleted: boolean;
  body: Json;
  shape: Shape;
}

export interface Entry {
  id: string;
  calendarId: string;
  uid: string;
  /** Of an exception: its series, and which of its occurrences it replaces. */
  masterId: string | null;
  originalStart: number | null;
  versions: Version[];
}

export interface Calendar {
  id: string;
  accountId: string;
  summary: string;
  timeZone: string;
  primary: boolean;
  /** Revision of the last change. */
  revision: number;
  /** Sync tokens of an earlier epoch have expired. */
  epoch: number;
  entries: Entry[];
}

export interface Account {
  id: string;
  provider: Provider;
  email: string;
  name: string;
}

/** What a person allowed a program. */
export interface Grant {
  id: string;
  accountId: string;
  clientId: string;
  scope: string;
  /** The newest last; null of a grant without offline access. */
  refreshTokens: string[];
  revoked: boolean;
}

export interface AccessToken {
  token: string;
  grantId: string;
  expiresAt: number;
}

/** A program that may ask people for access. */
export interface App {
  clientId: string;
  clientSecret: string;
  redirectUris: string[];
}

/** A Google notification channel or a Graph subscription. */
export interface Watch {
  id: string;
  provider: Provider;
  accountId: string;
  calendarId: string;
  address: string;
  lifecycleAddress: string | null;
  /** Google's channel token, Graph's clientState. */
  secret: string | null;
  expiresAt: number;
  /** Google: id of the watched resource. Graph: what was subscribed to. */
  resource: string;
  changeTypes: string[];
  messages: number;
}

export interface State {
  accounts: Account[];
  calendars: Calendar[];
  grants: Grant[];
  accessTokens: AccessToken[];
  apps: App[];
  watches: Watch[];
}

export const emptyState = (): State => ({ accounts: [], calendars: [], grants: [], accessTokens: [], apps: [], watches: [] });

/** An entry has at least one version from its beginning. */
export const current = (entry: Entry): Version => entry.versions.at(-1)!;
export const created = (entry: Entry): Version => entry.versions[0]!;
