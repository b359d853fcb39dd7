/**
 * Every provider's calendars as the whole system meets them: connected over the API, read and edited from the outside, and on lines that
 * can hold what is written.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { current, type Json } from '../../src/dev/calendar-sandbox/state.ts';
import { freePorts } from '../../src/dev/ports.ts';
import { toWall } from '../../src/domain/time.ts';
import type { CalendarProvider } from '../../src/domain/channel.ts';
import { signInAs } from './calendar-browser.ts';
import { newEmail, startSandbox } from './calendar-sandbox.ts';
import { readCalendar } from './calendar.ts';
import type { Answer as ApiAnswer } from './engine.ts';
import { startScripted, type Answer, type Asked } from './faulty-http.ts';
import { icsOf } from './ics.ts';
import { startTestRadicale } from './radicale.ts';

/** What a request does to an event. */
export type Deed = 'create' | 'move' | 'delete';

const deedBy =
  (path: RegExp, deeds: Record<string, Deed>) =>
  (asked: Asked): Deed | null =>
    path.test(asked.path) ? (deeds[asked.method] ?? null) : null;

/** Their names, and how what is written to events is told from all else that is asked; null is all else. */
export const sides: Record<CalendarProvider, { name: string; deedOf: (asked: Asked) => Deed | null }> = {
  caldav: {
    name: 'a CalDAV server',
    deedOf: (asked) =>
      asked.method === 'PUT' && asked.headers['if-match'] ? 'move' : deedBy(/^/, { PUT: 'create', DELETE: 'delete' })(asked),
  },
  google: {
    name: 'Google',
    deedOf: deedBy(/^\/calendar\/v3\/calendars\/[^/]+\/events(\/(?!watch)[^/?]+)?(\?|$)/, {
      POST: 'create',
      PUT: 'move',
      DELETE: 'delete',
    }),
  },
  graph: {
    name: 'Microsoft',
    deedOf: deedBy(/^\/v1\.0\/me\/calendars\/[^/]+\/events/, { POST: 'create', PATCH: 'move', DELETE: 'delete' }),
  },
};

/** `sequence` is null where the provider has none. */
export type ShownVisit = { uid: string; start: string; end: string; sequence: number | null };

/** One calendar, of one account. */
export type Side = {
  /** Connects it over the API, or connects it again. */
  connect: (
    call: (method: string, path: string, body?: unknown) => Promise<ApiAnswer>,
    barberId: string,
    wishes?: Record<string, unknown>,
  ) => Promise<void>;
  /** All that is there, as its provider keeps it, in the order of their starts. */
  shown: () => Promise<ShownVisit[]>;
  /** Its owner takes our access away, and may give it again; then it is connected again. */
  takeAccess: () => void;
  giveAccess: () => void;
  /** Its owner is busy, in instants as ISO text; answers the name under which he may think better of it. */
  enter: (start: string, end: string) => Promise<string>;
  erase: (name: string) => Promise<void>;
  /** What its owner does to a visit, if it is there: it begins so many hours later, or (null) is deleted. */
  displace: (uid: string, hours: number | null) => Promise<void>;
  /** Its provider forgets what it has told us so far. */
  forget: () => void;
};

const byStart = (visits: ShownVisit[]): ShownVisit[] => visits.sort((a, b) => (a.start < b.start ? -1 : 1));

const HOUR = 3_600_000;
const stamp = (instant: string): string => instant.replaceAll(/[-:]|\.\d+/g, '');
const hoursAfter = (instant: number, hours: number): string => new Date(instant + hours * HOUR).toISOString();

/**
 * Starts them all, each provider as forgetful as it may be; without Python there is no CalDAV server. `disturb` is asked what becomes of
 * each request.
 */
export async function startSides(python: string | undefined, disturb: () => Answer | null = () => null) {
  let held: Answer | null = null;
  const met = new Set<string>();
  let isLockedOut = false;
  const lockOut = (): Answer | null => (isLockedOut ? { status: 401, headers: { 'www-authenticate': 'Basic realm="line"' } } : null);
  const holding =
    (...providers: CalendarProvider[]) =>
    (asked: Asked): Answer | null => {
      const [found] = providers.flatMap((provider) => sides[provider].deedOf(asked)?.concat(` ${provider}`) ?? []);
      if (held === null || found === undefined) return null;
      met.add(found);
      return held;
    };
  const sandbox = await startSandbox({
    settings: { googleReusedIds: 'unnoticed', graphTransactionIds: 'unnoticed', notificationRetryMs: 50 },
  });
  const radicale = python === undefined ? null : await startTestRadicale(python);
  const oauthLine = await startScripted(sandbox.url, (asked) => holding('google', 'graph')(asked) ?? disturb());
  const caldavLine = radicale && (await startScripted(radicale.url, (asked) => lockOut() ?? holding('caldav')(asked) ?? disturb()));
  const [port = 0] = await freePorts(1);

  async function openCaldav(): Promise<Side> {
    const url = await radicale!.newCalendar();
    const { username, password } = radicale!;
    return {
      connect: async (call, barberId, wishes = {}) => {
        const { status, text } = await call('POST', `/v1/barbers/${barberId}/calendars`, {
          provider: 'caldav',
          serverUrl: caldavLine!.url,
          username,
          password,
          calendarId: url.replace(radicale!.url, caldavLine!.url),
          ...wishes,
        });
        expect(status, text).to.equal(201);
      },
      shown: async () =>
        byStart(
          Object.values(await radicale!.objects(url))
            .flatMap((text) => readCalendar(text).events)
            .map(({ uid, start, end, sequence }) => ({ uid, start, end, sequence })),
        ),
      // Of our password alone: the owner goes on reading.
      takeAccess: () => {
        isLockedOut = true;
      },
      giveAccess: () => {
        isLockedOut = false;
      },
      enter: async (start, end) => {
        const name = `${randomUUID()}.ics`;
        await radicale!.enter(url, name, icsOf([`DTSTART:${stamp(start)}`, `DTEND:${stamp(end)}`, 'SUMMARY:x']));
        return name;
      },
      erase: async (name) => {
        await radicale!.erase(url, name);
      },
      displace: async (uid, hours) => {
        const [name, text] = Object.entries(await radicale!.objects(url)).find(([, each]) => each.includes(`UID:${uid}`)) ?? [];
        if (name === undefined || text === undefined) return;
        const [{ start, end } = { start: '', end: '' }] = readCalendar(text).events;
        const at = (property: string, instant: string) => `${property}:${stamp(hoursAfter(Date.parse(instant), hours ?? 0))}`;
        await (hours === null
          ? radicale!.erase(url, name)
          : radicale!.change(
              url,
              name,
              text.replace(/BEGIN:VEVENT[^]*/, (event) =>
                event.replace(/^DTSTART.*$/m, at('DTSTART', start)).replace(/^DTEND.*$/m, at('DTEND', end)),
              ),
            ));
      },
      forget: () => {},
    };
  }

  function openByOauth(provider: 'google' | 'graph'): Side {
    const email = newEmail();
    const account = sandbox.addAccount({ provider, email });
    const entries = () =>
      sandbox.byHand
        .calendars(account)
        .flatMap((calendar) => calendar.entries.map((entry) => ({ ...current(entry), id: entry.id })))
        .filter(({ deleted }) => !deleted);
    const local = (instant: string): string => toWall(Date.parse(instant), 'Europe/Lisbon').iso.slice(0, 16);
    const uidIn = (body: Json): string => /[\w.-]+@punctual/.exec(JSON.stringify(body))?.[0] ?? '';
    return {
      connect: async (call, barberId, wishes = {}) => {
        const { status, text, body } = await call('POST', `/v1/barbers/${barberId}/calendars/sign-in`, { provider, ...wishes });
        expect(status, text).to.equal(200);
        expect((await signInAs(sandbox, body.url as string, email)).status).to.equal(200);
      },
      shown: async () =>
        byStart(
          entries().map(({ body, shape }) => ({
            uid: uidIn(body),
            start: new Date(shape.start).toISOString(),
            end: new Date(shape.end).toISOString(),
            sequence: provider === 'google' ? Number(body.sequence) : null,
          })),
        ),
      takeAccess: () => sandbox.byHand.revoke(email),
      giveAccess: () => {},
      enter: async (start, end) => sandbox.byHand.add(email, { title: 'x', start: local(start), end: local(end) }),
      erase: async (name) => sandbox.byHand.remove(email, name),
      displace: async (uid, hours) => {
        const found = entries().find(({ body }) => uidIn(body) === uid);
        if (!found) return;
        const {
          id,
          shape: { start, end },
        } = found;
        if (hours === null) sandbox.byHand.remove(email, id);
        else sandbox.byHand.change(email, id, { start: local(hoursAfter(start, hours)), end: local(hoursAfter(end, hours)) });
      },
      forget: () => sandbox.byHand.expireSync(email),
    };
  }

  return {
    /** Of workers, and of the one API to which browsers and providers come back. */
    env: {
      PORT: String(port),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      CALENDAR_SANDBOX_URL: oauthLine.url,
      GOOGLE_CLIENT_ID: sandbox.clientId,
      GOOGLE_CLIENT_SECRET: sandbox.clientSecret,
      GOOGLE_PER_SECOND: '1000',
      MICROSOFT_CLIENT_ID: sandbox.clientId,
      MICROSOFT_CLIENT_SECRET: sandbox.clientSecret,
      MICROSOFT_PER_SECOND: '1000',
    },
    open: (provider: CalendarProvider): Promise<Side> => (provider === 'caldav' ? openCaldav() : Promise.resolve(openByOauth(provider))),
    /** What is said from now on to whoever writes; null lets all pass. */
    hold: (answer: Answer | null): void => {
      held = answer;
      met.clear();
    },
    /** What has been held since then, as `create google`. */
    held: (): string[] => [...met].sort(),
    stop: async (): Promise<void> => {
      oauthLine.stop();
      caldavLine?.stop();
      await sandbox.stop();
      await radicale?.stop();
    },
  };
}
