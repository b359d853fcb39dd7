/**
 * Goal: whatever moment a worker dies at while it writes a visit into a barber's calendar, the calendar ends up as the booking stands: one
 * event, or none. Method: the real programs; kill -9 while every provider's calls are held on their way there, on their way back, or in the
 * note that they were answered.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { calendarProviders, type CalendarProvider } from '../../src/domain/channel.ts';
import { bookingBody } from '../support/booking.ts';
import { sides, startSides, type Deed, type ShownVisit, type Side } from '../support/calendar-sides.ts';
import { eventually, send, type Answer } from '../support/engine.ts';
import type { Answer as Held } from '../support/faulty-http.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { openSite, standInTheWay, type Site } from '../support/programs.ts';
import { needPython } from '../support/python.ts';

const providers = calendarProviders.filter((provider) => provider !== 'caldav' || process.env.TEST_PYTHON);

const deeds: { deed: Deed; what: string; end: string; states: string[] }[] = [
  { deed: 'create', what: 'booked', end: 'is there once', states: ['delivered'] },
  { deed: 'move', what: 'moved', end: 'is there once, at its new time', states: ['delivered', 'delivered'] },
  { deed: 'delete', what: 'cancelled', end: 'is not there', states: ['delivered', 'undone'] },
];

/** `line` is what is said to whoever writes; null: what it is told is not noted. */
const moments: { name: string; line: Held | null; hasActed: boolean }[] = [
  { name: 'before the call arrives', line: 'silent', hasActed: false },
  { name: 'before the answer comes back', line: 'pass, then silent', hasActed: true },
  { name: 'after the answer', line: null, hasActed: true },
];

describe('a worker that is killed while it writes to calendars', () => {
  let calendars: Awaited<ReturnType<typeof startSides>>;

  before(async () => {
    calendars = await startSides(process.env.TEST_PYTHON);
  });
  after(() => calendars?.stop());

  for (const moment of moments)
    describe(moment.name, () => {
      let site: Site;
      let network: TestNetwork;
      let url: string;
      const opened = new Map<CalendarProvider, Side>();
      const visits = new Map<string, string>();

      const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
        send(url, network.apiKey, method, path, body, { 'idempotency-key': randomUUID() });
      const sql = <T>(text: string, values: unknown[] = []) => site.database.orm.em.fork().execute<T[]>(text, values);
      const states = async (id: string) =>
        (await sql<{ state: string }>(`select state from delivery where appointment_id = ? and kind = 'calendar_barber'`, [id]))
          .map(({ state }) => state)
          .sort();
      const unsettled = async () =>
        (await sql(`select from delivery where kind = 'calendar_barber' and state not in ('delivered', 'undone')`)).length;
      const shownOf = async (provider: CalendarProvider, deed: Deed) =>
        (await opened.get(provider)!.shown()).filter(({ uid }) => uid === `${visits.get(`${deed} ${provider}`)}@punctual`);
      const shows = (time: string, provider: CalendarProvider, deed: Deed, sequence: number): ShownVisit => {
        const start = Date.parse(network.at(time));
        return {
          uid: `${visits.get(`${deed} ${provider}`)}@punctual`,
          start: new Date(start).toISOString(),
          end: new Date(start + 30 * 60_000).toISOString(),
          sequence: provider === 'graph' ? null : sequence,
        };
      };
      /** What the calendar is to hold of a visit before its deed is done there, and after. */
      const wanted = (provider: CalendarProvider, deed: Deed, isDone: boolean): ShownVisit[] => {
        if (deed === 'create') return isDone ? [shows('09:00', provider, deed, 0)] : [];
        if (deed === 'move') return [isDone ? shows('15:00', provider, deed, 2) : shows('10:00', provider, deed, 0)];
        return isDone ? [] : [shows('11:00', provider, deed, 0)];
      };
      const allShow = (isDone: (deed: Deed) => boolean) =>
        Promise.all(
          providers.flatMap((provider) =>
            deeds.map(({ deed }) =>
              eventually(
                () => shownOf(provider, deed),
                (found) => JSON.stringify(found) === JSON.stringify(wanted(provider, deed, isDone(deed))),
              ),
            ),
          ),
        );

      async function book(provider: CalendarProvider, deed: Deed, time: string): Promise<void> {
        const { status, body, text } = await call(
          'POST',
          '/v1/appointments',
          bookingBody(network, { barberId: network.barberIds[providers.indexOf(provider)], startsAt: network.at(time) }),
        );
        expect(status, text).to.equal(201);
        visits.set(`${deed} ${provider}`, body.id as string);
      }
      /** Every deed at every provider. */
      const act = () =>
        Promise.all(
          providers.flatMap((provider) => [
            book(provider, 'create', '09:00'),
            call('POST', `/v1/appointments/${visits.get(`move ${provider}`)}/reschedule`, { startsAt: network.at('15:00') }),
            call('POST', `/v1/appointments/${visits.get(`delete ${provider}`)}/cancel`, { reason: 'customer_asked' }),
          ]),
        );

      before(async function () {
        this.timeout(150_000);
        site = await openSite({ ...calendars.env, DATABASE_POOL_SIZE: '40' });
        network = await buildNetwork(site.database.orm, { barbers: providers.length, settings: { reminderLeadMinutes: [] } });
        const [api, worker] = await Promise.all([site.startApi(), site.startWorker()]);
        ({ url } = api);
        for (const [index, provider] of providers.entries()) {
          opened.set(provider, await calendars.open(provider));
          await opened.get(provider)!.connect(call, network.barberIds[index]!);
          await book(provider, 'move', '10:00');
          await book(provider, 'delete', '11:00');
        }
        await eventually(unsettled, (count) => count === 0);
        await allShow(() => false);

        calendars.hold(moment.line);
        // All notes of what was written go there.
        const lock = moment.line === null ? await standInTheWay(site.database, 'lock table calendar_event in share mode') : null;
        await act();
        if (lock) await lock.blocks(providers.length * deeds.length);
        else
          await eventually(
            async () => calendars.held(),
            (held) => held.length === providers.length * deeds.length,
          );
        await allShow(() => moment.hasActed);
        await worker.end('SIGKILL');
        expect(await unsettled(), 'what nobody has noted').to.equal(providers.length * deeds.length);
        await lock?.cut();
        await lock?.release();
        calendars.hold(null);
        await site.startWorker();
      });
      after(() => site?.close());

      for (const provider of calendarProviders)
        for (const { deed, what, end, states: ends } of deeds) {
          it(`a visit, ${what} at ${sides[provider].name}, when another worker goes on, ${end}`, async function () {
            if (provider === 'caldav') needPython(this);
            const id = visits.get(`${deed} ${provider}`)!;
            await eventually(
              () => states(id),
              (found) => found.join() === ends.join(),
              50_000,
            );
            expect(await shownOf(provider, deed)).to.deep.equal(wanted(provider, deed, true));
            expect(await sql('select from calendar_event where appointment_id = ?', [id])).to.have.length(deed === 'delete' ? 0 : 1);
          });
        }

      it('nothing else is there, and no person is asked about anything', async () => {
        await eventually(unsettled, (count) => count === 0, 50_000);
        for (const provider of providers)
          expect(await opened.get(provider)!.shown()).to.deep.equal([
            ...wanted(provider, 'create', true),
            ...wanted(provider, 'move', true),
          ]);
        expect((await call('GET', '/v1/calendar-conflicts')).body.items).to.deep.equal([]);
        expect(await sql(`select from delivery where state = 'parked'`)).to.deep.equal([]);
      });
    });
});
