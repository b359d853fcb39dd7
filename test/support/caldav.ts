/** A CalDAV calendar for tests: on Radicale, as we use it over a line that can break. */
import { createCaldavCalendar } from '../../src/integrations/calendar/caldav.ts';
import type { Calendar } from '../../src/integrations/calendar/calendar.ts';
import { createGuardedFetch } from '../../src/integrations/guarded-fetch.ts';
import { contractNow } from './calendar-subject.ts';
import { startScripted } from './faulty-http.ts';
import type { TestRadicale } from './radicale.ts';

/** A calendar of its own. */
export async function openOver(radicale: TestRadicale) {
  const line = await startScripted(radicale.url);
  const guard = createGuardedFetch({ allowLoopback: true, timeoutMs: 1500 });
  const url = await radicale.newCalendar();
  const openAs = (password: string, zone: string): Calendar =>
    createCaldavCalendar({
      calendarUrl: url.replace(radicale.url, line.url),
      username: radicale.username,
      password,
      timeZone: zone,
      fetch: guard.fetch,
      now: () => new Date(contractNow),
    });
  const close = async () => {
    line.stop();
    await guard.close();
  };
  return { line, guard, url, openAs, close };
}
