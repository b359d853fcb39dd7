/**
 * Goal: a government that changes its clock rules breaks no promise. Method: appointments whose instants are put an hour off, as new zone
 * data would find them; then the command line, against running workers.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { adoptZoneData, readZoneData } from '../../src/db/zone-data.ts';
import { zoneDataVersion } from '../../src/domain/time.ts';
import { appointmentWorkflowId } from '../../workflows/messages.ts';
import { book } from '../support/booking.ts';
import { count, countOverlaps } from '../support/claiming.ts';
import { eventually, programEnvironment, startEngine, type Engine } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';

type Ended = { code: number; stdout: string; stderr: string };

describe('times', function () {
  this.timeout(90_000);
  let engine: Engine;
  let network: TestNetwork;
  before(async () => {
    engine = await startEngine();
  });
  after(() => engine.stop());
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm);
  });

  async function cli(...args: string[]): Promise<Ended> {
    const env = { ...process.env, ...programEnvironment(engine.database, engine.deps.config.temporal.taskQueue) };
    try {
      return {
        code: 0,
        ...(await promisify(execFile)(process.execPath, ['src/cli/main.ts', ...args], {
          cwd: new URL('../..', import.meta.url),
          env,
          timeout: 60_000,
        })),
      };
    } catch (error) {
      const { code, stdout, stderr } = error as Ended;
      return { code, stdout, stderr };
    }
  }
  const sql = <T>(statement: string, values: unknown[]) => engine.database.orm.em.fork().execute<T[]>(statement, values);
  const lines = (ended: Ended) =>
    ended.stdout
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split('\t'));
  const times = ['10:00', '10:30', '11:00', '11:30'];

  /** Books neighbours, and puts all of them off by so many minutes, as if they had been booked under other clock rules. */
  async function bookOff(minutes: number): Promise<string[]> {
    const ids: string[] = [];
    for (const time of times) {
      const { body, status, text } = await book(engine, network, { startsAt: network.at(time, 3) });
      expect(status, text).to.equal(201);
      ids.push(body.id);
    }
    const by = `make_interval(mins => ${minutes})`;
    const all = `'{${ids.join(',')}}'::uuid[]`;
    await sql(`update appointment set starts_at = starts_at + ${by}, ends_at = ends_at + ${by} where id = any(${all})`, []);
    await sql(
      `update appointment_part set starts_at = starts_at + ${by}, ends_at = ends_at + ${by} where appointment_id = any(${all})`,
      [],
    );
    // One row at a time, in the order that makes room: a statement over all would run into its own old rows.
    const rows = await sql<{ id: string }>(
      `select id from occupancy where appointment_id = any(${all}) order by during ${minutes > 0 ? 'desc' : 'asc'}`,
      [],
    );
    for (const { id } of rows)
      await sql(
        `update occupancy
         set during = tstzrange(lower(during) + ${by}, upper(during) + ${by}), visit_starts_at = visit_starts_at + ${by}
         where id = ?`,
        [id],
      );
    await sql(`update delivery set due_at = due_at + ${by} where appointment_id = any(${all}) and kind = 'reminder_customer'`, []);
    return ids;
  }

  it('appointments that keep their promise, checked, are not named', async () => {
    await book(engine, network);

    const ended = await cli('times', 'check', '--network', network.networkId);

    expect(ended).to.include({ code: 0 });
    expect(lines(ended)).to.deep.equal([]);
    expect(ended.stderr).to.include(zoneDataVersion());
  });

  for (const minutes of [30, -60]) {
    it(`neighbours put off by ${minutes} minutes, checked and moved, stand at their promised times again, with their reminders and workflows`, async () => {
      const ids = await bookOff(minutes);

      const checked = await cli('times', 'check', '--network', network.networkId);
      expect(checked).to.include({ code: 3 });
      expect(
        lines(checked)
          .map(([id]) => id)
          .toSorted(),
      ).to.deep.equal(ids.toSorted());

      const moved = await cli('times', 'move', '--network', network.networkId);
      expect(moved, moved.stderr).to.include({ code: 0 });
      expect(moved.stderr).to.include('4 of 4');
      expect(await cli('times', 'check', '--network', network.networkId)).to.include({ code: 0 });
      for (const [index, id] of ids.entries()) {
        const { body } = await engine.call(network.apiKey, 'GET', `/v1/appointments/${id}`);
        expect(body).to.include({ startsAt: network.at(times[index]!, 3), version: 2 });
        expect(body.parts[0].startsAt).to.equal(network.at(times[index]!, 3));
        const reminders = await sql<{ lead: number }>(
          `select (extract(epoch from a.starts_at - d.due_at) / 60)::int as lead
           from delivery d
           join appointment a on a.id = d.appointment_id
           where a.id = ? and d.kind = 'reminder_customer' and d.state = 'due'
           order by 1`,
          [id],
        );
        expect(reminders.map(({ lead }) => lead)).to.deep.equal([120, 1440]);
        expect(
          await count(engine.database.orm, 'occupancy', `appointment_id = ? and lower(during) = ?`, [
            id,
            new Date(network.at(times[index]!, 3)),
          ]),
        ).to.equal(1);
        expect(
          await count(engine.database.orm, 'appointment_event', `appointment_id = ? and kind = 'retimed' and actor = 'cli:times'`, [id]),
        ).to.equal(1);
      }
      expect(await countOverlaps(engine.database.orm, network.networkId)).to.equal(0);
      expect(lines(await cli('times', 'move', '--network', network.networkId)), 'again').to.deep.equal([]);
      // The workflow lives on: it can still be cancelled.
      expect((await engine.call(network.apiKey, 'POST', `/v1/appointments/${ids[0]}/cancel`)).status).to.equal(200);
    });
  }

  it('a reminder that waits for a sign-in, still goes out when its visit is moved back to its time', async () => {
    const [id] = await bookOff(30);
    await sql(
      `update delivery
       set state = 'parked', error_class = 'sign_in', finished_at = now()
       where appointment_id = ? and kind = 'reminder_customer'
       returning id`,
      [id!],
    );
    expect(await cli('times', 'move', '--network', network.networkId)).to.include({ code: 0 });
    const reminders = await sql<{ lead: number }>(
      `select (extract(epoch from a.starts_at - d.due_at) / 60)::int as lead
       from delivery d
       join appointment a on a.id = d.appointment_id
       where a.id = ? and d.kind = 'reminder_customer' and d.state in ('due', 'parked')
       order by 1`,
      [id!],
    );
    expect(reminders.map(({ lead }) => lead)).to.deep.equal([120, 1440]);
  });

  it('a reminder in flight, when its visit is moved back to its time, is not taken back: should its try fail, there is another', async () => {
    const [id] = await bookOff(30);
    const [flying] = await sql<{ id: string; left: number }>(
      `update delivery
       set state = 'in_flight', attempt_began_at = now()
       where id = (
         select id
         from delivery
         where appointment_id = ? and kind = 'reminder_customer'
         order by due_at
         limit 1)
       returning id`,
      [id!],
    );
    expect(await cli('times', 'move', '--network', network.networkId)).to.include({ code: 0 });
    const reminders = await sql<{ id: string; state: string; lead: number; kept: boolean }>(
      `select d.id, d.state, (extract(epoch from a.starts_at - d.due_at) / 60)::int as lead,
         d.withdrawn_at is null and d.useful_until <= a.starts_at as kept
       from delivery d
       join appointment a on a.id = d.appointment_id
       where a.id = ? and d.kind = 'reminder_customer' and d.state <> 'skipped'
       order by lead`,
      [id!],
    );
    expect(reminders.map(({ state, lead, kept }) => ({ state, lead, kept }))).to.deep.equal([
      { state: 'due', lead: 120, kept: true },
      { state: 'in_flight', lead: 1440, kept: true },
    ]);
    expect(reminders[1]!.id).to.equal(flying!.id);
  });

  it('one whose promised time is taken meanwhile, and one whose workflow was ended by a person, are left to a person and moved', async () => {
    const [first, , third] = await bookOff(120);
    await book(engine, network, { startsAt: network.at('10:00', 3) });
    await engine.deps.temporal.client.workflow.getHandle(appointmentWorkflowId(third!)).terminate();

    const moved = await cli('times', 'move', '--network', network.networkId);

    expect(moved).to.include({ code: 3 });
    expect(lines(moved).map((line) => [line[0], line.at(-1)])).to.deep.equal([[first, 'slot_taken']]);
    expect((await engine.call(network.apiKey, 'GET', `/v1/appointments/${third}`)).body.startsAt).to.equal(network.at('11:00', 3));
  });

  it('a process whose zone data is older or newer than what was adopted, asked, is not ready until it is adopted', async () => {
    const ready = async () =>
      (await fetch(`${engine.url}/readyz`)).json() as Promise<{
        zoneDataVersion: string;
        checks: { zoneData: { ok: boolean; error?: string } };
      }>;
    const { em } = engine.database.orm;
    expect((await ready()).checks.zoneData).to.deep.equal({ ok: true, version: zoneDataVersion() });

    await adoptZoneData(em, '2099z');
    expect((await ready()).checks.zoneData.error).to.include('older zone data');
    expect(await adoptZoneData(em, zoneDataVersion()), 'a migration does not go back').to.include({ now: '2099z' });
    expect(await cli('times', 'adopt')).to.include({ code: 0, stdout: `${zoneDataVersion()}\n` });
    await eventually(ready, (answer) => answer.checks.zoneData.ok);
    expect(await readZoneData(em)).to.equal(zoneDataVersion());
  });
});
