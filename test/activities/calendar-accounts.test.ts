/** Goal: who connects a calendar is not turned away for one lost connection. Method: a real CalDAV server, and a line that fails at first. */
import { expect } from 'chai';
import { createCalendarAccounts } from '../../src/calendar-accounts.ts';
import { Problem } from '../../src/errors.ts';
import { createGuardedFetch } from '../../src/integrations/guarded-fetch.ts';
import { createSealer } from '../../src/integrations/sealing.ts';
import { needPython } from '../support/python.ts';
import { startTestRadicale, type TestRadicale } from '../support/radicale.ts';

describe('a calendar, tried before it is connected', () => {
  let radicale: TestRadicale;
  const guard = createGuardedFetch({ allowLoopback: true });

  before(async function () {
    radicale = await startTestRadicale(needPython(this));
  });
  after(async () => {
    await guard.close();
    await radicale?.stop();
  });

  /** How it ends when the line is cut so many times. */
  async function cut(times: number): Promise<{ ends: string; said: number }> {
    let [left, said] = [times, 0];
    const accounts = createCalendarAccounts({
      sealer: createSealer([{ id: 'test', key: Buffer.alloc(32, 7) }]),
      fetch: async (...given) => {
        if (left > 0) {
          left -= 1;
          throw new TypeError('fetch failed', { cause: Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' }) });
        }
        return guard.fetch(...given);
      },
      signIns: { google: null, graph: null },
      log: { warn: () => (said += 1) },
      now: () => new Date(),
    });
    const { username, password } = radicale;
    const calendarUrl = await radicale.newCalendar();
    const ends = await accounts.checkCaldav({ calendarUrl, username, password }).then(
      () => 'well',
      (error: unknown) => (error instanceof Problem ? error.code : String(error)),
    );
    return { ends, said };
  }

  it('over a line that is cut once, is found; cut twice, its server is away, which the log says', async () => {
    expect(await cut(0)).to.deep.equal({ ends: 'well', said: 0 });
    expect(await cut(1)).to.deep.equal({ ends: 'well', said: 0 });
    expect(await cut(2)).to.deep.equal({ ends: 'calendar_unavailable', said: 1 });
  });
});
