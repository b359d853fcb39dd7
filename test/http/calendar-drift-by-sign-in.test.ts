/**
 * Goal: at Google and Microsoft, as at CalDAV servers (calendar-drift.test.ts), what a calendar shows and what it should never part in
 * silence. Method: the whole engine and the sandbox; each kind of drift is made by its owner's hand there, or by taking a row away here.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { freePorts } from '../../src/dev/ports.ts';
import { current } from '../../src/dev/calendar-sandbox/state.ts';
import { calendarMirrorWorkflowId, lookSignal } from '../../workflows/messages.ts';
import { book } from '../support/booking.ts';
import { signInAs, visitsShown } from '../support/calendar-browser.ts';
import { newEmail, startSandbox, type TestSandbox } from '../support/calendar-sandbox.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';

for (const [provider, name, host] of [
  ['google', 'Google', 'GOOGLE'],
  ['graph', 'Microsoft', 'MICROSOFT'],
] as const)
  describe(`a calendar at ${name} that does not show what it should`, () => {
    let sandbox: TestSandbox;
    let engine: Engine;
    let network: TestNetwork;
    let email: string;
    let connectionId: string;

    before(async () => {
      const [port = 0] = await freePorts(1);
      sandbox = await startSandbox({ settings: { notificationRetryMs: 50 } });
      engine = await startEngine({
        env: {
          [`${host}_CLIENT_ID`]: sandbox.clientId,
          [`${host}_CLIENT_SECRET`]: sandbox.clientSecret,
          [`${host}_PER_SECOND`]: '1000',
          CALENDAR_SANDBOX_URL: sandbox.url,
          PORT: String(port),
          PUBLIC_URL: `http://127.0.0.1:${port}`,
        },
      });
    });
    after(async () => {
      await engine?.stop();
      await sandbox?.stop();
    });
    beforeEach(async () => {
      network = await buildNetwork(engine.database.orm);
      email = newEmail();
      sandbox.addAccount({ provider, email });
      const { body } = await call('POST', `/v1/barbers/${network.barberIds[0]}/calendars/sign-in`, { provider });
      await signInAs(sandbox, body.url as string, email);
      connectionId = (await call('GET', `/v1/barbers/${network.barberIds[0]}/calendars`)).body.items[0].id;
      await eventually(
        () => sql<{ heard: boolean }>('select heard_at is not null as heard from calendar_channel where connection_id = ?', [connectionId]),
        ([row]) => row?.heard === true,
      );
    });

    const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
      engine.call(network.apiKey, method, path, body, { 'idempotency-key': randomUUID() });
    const sql = <T>(text: string, given: unknown[]): Promise<T[]> => engine.database.orm.em.fork().execute<T[]>(text, given);
    const starts = async () => (await visitsShown(sandbox, email)).map(({ start }) => start);
    const at = (time: string) => new Date(network.at(time)).toISOString();
    const conflicts = async (): Promise<{ id: string; kind: string; appointmentId: string }[]> =>
      (await call('GET', '/v1/calendar-conflicts')).body.items;
    /** The sandbox's own id of what it shows of a visit. */
    const entryOf = (id: string): string =>
      sandbox.byHand
        .calendars(sandbox.byHand.account(email))
        .flatMap(({ entries }) => entries)
        .find((entry) => !current(entry).deleted && JSON.stringify(current(entry).body).includes(id))!.id;
    /** A visit that is there, and was written long enough ago. */
    const shown = async (time = '10:00'): Promise<string> => {
      const { body } = await book(engine, network, { startsAt: network.at(time) });
      await eventually(
        () => sql('select 1 from calendar_event where appointment_id = ?', [body.id]),
        (rows) => rows.length === 1,
      );
      await sql(`update calendar_event set written_at = written_at - interval '1 minute' where appointment_id = ?`, [body.id]);
      return body.id as string;
    };
    /** Has all of it read anew, as every day. */
    const readWhole = async () => {
      await sql('update calendar_connection set whole_at = null where id = ?', [connectionId]);
      await engine.deps.temporal.client.workflow.getHandle(calendarMirrorWorkflowId(connectionId)).signal(lookSignal);
      await eventually(
        () => sql<{ whole: string | null }>('select whole_at as whole from calendar_connection where id = ?', [connectionId]),
        ([row]) => row!.whole !== null,
      );
    };
    const settle = (id: string, action: 'leave' | 'restore') => call('POST', `/v1/calendar-conflicts/${id}/settle`, { action });

    it('an entry that its owner deletes, is told to a person, who has it written again', async () => {
      const id = await shown();
      sandbox.byHand.remove(email, entryOf(id));
      const [conflict] = await eventually(conflicts, (found) => found.length > 0);
      expect([conflict!.kind, conflict!.appointmentId]).to.deep.equal(['deleted', id]);
      await settle(conflict!.id, 'restore');
      await eventually(starts, (found) => found.join() === at('10:00'));
      expect(await conflicts()).to.deep.equal([]);
    });

    it('an entry that its owner moves, is told to a person, who has it moved back, or leaves it', async () => {
      const [back, left] = [await shown('10:00'), await shown('15:00')];
      for (const id of [back, left]) sandbox.byHand.change(email, entryOf(id), { start: '2027-01-05T20:00', end: '2027-01-05T20:30' });
      const found = await eventually(conflicts, (all) => all.length === 2);
      expect(found.map(({ kind }) => kind)).to.deep.equal(['moved', 'moved']);
      for (const { id, appointmentId } of found) await settle(id, appointmentId === back ? 'restore' : 'leave');
      await eventually(starts, (all) => all.join() === [at('10:00'), '2027-01-05T20:00:00.000Z'].sort().join());
      await readWhole();
      expect(await conflicts()).to.deep.equal([]);
    });

    it('a visit that was never written, is; an entry of one that is off, is taken away', async () => {
      const [lost, ghost] = [await shown('10:00'), await shown('15:00')];
      await sql(`update appointment set status = 'cancelled', ended_by = 'customer' where id = ?`, [ghost]);
      await sql('delete from calendar_event where appointment_id = ?', [lost]);
      sandbox.byHand.remove(email, entryOf(lost));
      await readWhole();
      await eventually(starts, (found) => found.join() === at('10:00'));
      expect(await conflicts()).to.deep.equal([]);
    });
  });
