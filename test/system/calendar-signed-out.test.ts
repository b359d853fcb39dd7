/**
 * Goal: an hour without sign-in loses nothing: whatever is booked, moved and cancelled meanwhile is in the calendar once its owner has
 * signed in again, and nobody has to see to it. Method: the whole engine and each provider; the hour is taken from the rows, and what comes
 * round in an hour runs.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { calendarProviders, type CalendarProvider } from '../../src/domain/channel.ts';
import { calendarMirrorWorkflowId, lookSignal } from '../../workflows/messages.ts';
import { book as bookBody } from '../support/booking.ts';
import { sides, startSides, type ShownVisit, type Side } from '../support/calendar-sides.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { needPython } from '../support/python.ts';

describe('an hour without sign-in', () => {
  let calendars: Awaited<ReturnType<typeof startSides>>;
  let engine: Engine;
  let network: TestNetwork;
  let side: Side;

  before(async () => {
    calendars = await startSides(process.env.TEST_PYTHON);
    engine = await startEngine({ env: calendars.env });
  });
  after(async () => {
    await engine?.stop();
    await calendars?.stop();
  });

  const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    engine.call(network.apiKey, method, path, body, { 'idempotency-key': randomUUID() });
  const sql = <T>(text: string, values: unknown[] = []) => engine.database.orm.em.fork().execute<T[]>(text, values);
  const connection = async (): Promise<{ id: string; state: string; syncedAt: string | null }> =>
    (await call('GET', `/v1/barbers/${network.barberIds[0]}/calendars`)).body.items[0];
  const states = async () =>
    (await sql<{ state: string }>(`select state from delivery where network_id = ? and kind = 'calendar_barber'`, [network.networkId])).map(
      ({ state }) => state,
    );
  const book = async (time: string): Promise<string> => (await bookBody(engine, network, { startsAt: network.at(time) })).body.id as string;
  const move = (id: string, time: string) => call('POST', `/v1/appointments/${id}/reschedule`, { startsAt: network.at(time) });
  const cancel = (id: string) => call('POST', `/v1/appointments/${id}/cancel`, { reason: 'customer_asked' });
  const at = (provider: CalendarProvider, id: string, time: string, sequence: number): ShownVisit => {
    const start = Date.parse(network.at(time));
    return {
      uid: `${id}@punctual`,
      start: new Date(start).toISOString(),
      end: new Date(start + 30 * 60_000).toISOString(),
      sequence: provider === 'graph' ? null : sequence,
    };
  };
  const shows = (visits: ShownVisit[]) => eventually(side.shown, (found) => JSON.stringify(found) === JSON.stringify(visits));

  /** An hour goes by: every instant of what we do with calendars lies so much further back, and what comes round then has run. */
  async function letAnHourPass(): Promise<void> {
    await sql(
      `update calendar_connection
       set ${['created_at', 'synced_at', 'whole_at', 'signed_out_at', 'told_at']
         .map((name) => `${name} = ${name} - interval '1 hour'`)
         .join(', ')}
       where network_id = ?`,
      [network.networkId],
    );
    await sql(
      `update delivery
       set ${['created_at', 'due_at', 'first_tried_at', 'attempt_began_at', 'next_try_at', 'finished_at']
         .map((name) => `${name} = ${name} - interval '1 hour'`)
         .join(', ')}
       where network_id = ?`,
      [network.networkId],
    );
    const {
      temporal: { client },
      config,
      policy,
    } = engine.deps;
    const run = (name: string, args: unknown[]) =>
      client.workflow.execute(name, { workflowId: `${name}-${randomUUID()}`, taskQueue: config.temporal.taskQueue, args });
    await run('handover', [{ sweep: true, policy }]);
    await run('calendarKeeper', [{ policy }]);
    await run('housekeeping', []);
  }

  for (const provider of calendarProviders)
    it(`at ${sides[provider].name}, while visits are booked, moved and cancelled, loses none of it`, async function () {
      if (provider === 'caldav') needPython(this);
      network = await buildNetwork(engine.database.orm, { settings: { reminderLeadMinutes: [] } });
      side = await calendars.open(provider);
      await side.connect(call, network.barberIds[0]!);
      const [kept, moved, off] = [await book('08:00'), await book('09:00'), await book('10:00')];
      const before = [at(provider, kept, '08:00', 0), at(provider, moved, '09:00', 0), at(provider, off, '10:00', 0)];
      await shows(before);
      await eventually(states, (found) => found.every((state) => state === 'delivered'));
      const { id } = await eventually(connection, ({ syncedAt }) => syncedAt !== null);

      side.takeAccess();
      const [added, addedAndMoved, addedAndOff] = [await book('11:00'), await book('12:00'), await book('13:00')];
      const changes = [await move(moved, '16:00'), await move(addedAndMoved, '17:00'), await cancel(off), await cancel(addedAndOff)];
      expect(changes.map(({ status }) => status)).to.deep.equal([200, 200, 200, 200]);
      // Customers notice nothing of it.
      for (const each of [added, addedAndMoved, addedAndOff])
        await eventually(
          () => mailsOf(each),
          (mails) => mails.some(({ headers }) => headers['x-punctual-kind'] === 'confirmation_customer'),
        );
      expect((await eventually(connection, ({ state }) => state === 'signed_out')).id).to.equal(id);
      await eventually(states, (found) => !found.includes('due') && !found.includes('in_flight'));
      await letAnHourPass();
      expect(
        (await states()).filter((state) => state === 'parked'),
        'one for each visit that is otherwise than it is shown',
      ).to.have.length(5);
      expect(await side.shown()).to.deep.equal(before);

      side.giveAccess();
      await side.connect(call, network.barberIds[0]!);
      await shows([
        at(provider, kept, '08:00', 0),
        at(provider, added, '11:00', 0),
        at(provider, moved, '16:00', 2),
        at(provider, addedAndMoved, '17:00', 2),
      ]);
      await eventually(states, (found) => found.every((state) => ['delivered', 'undone', 'skipped'].includes(state)));
      expect(await connection()).to.include({ id, state: 'connected' });
      expect((await call('GET', '/v1/dead-letters')).body.items).to.deep.equal([]);
      // Read as a whole once more, it is found to be as it should.
      await sql('update calendar_connection set whole_at = null, synced_at = null where id = ?', [id]);
      const {
        temporal: { client },
      } = engine.deps;
      await client.workflow.getHandle(calendarMirrorWorkflowId(id)).signal(lookSignal);
      await eventually(connection, ({ syncedAt }) => syncedAt !== null);
      expect((await call('GET', '/v1/calendar-conflicts')).body.items).to.deep.equal([]);
      expect((await side.shown()).map(({ uid }) => uid)).to.deep.equal(
        [kept, added, moved, addedAndMoved].map((each) => `${each}@punctual`),
      );
    });
});
