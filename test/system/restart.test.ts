/**
 * Goal: what is due later outlives every restart. Method: kill -9 of worker, API and Temporal (with a database file) between a booking and
 * its reminder.
 */
import { Client, Connection } from '@temporalio/client';
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../src/dev/ports.ts';
import { startTemporal, type TemporalServer } from '../../src/dev/temporal.ts';
import { prepareNamespace } from '../../src/temporal.ts';
import { appointmentWorkflowId } from '../../workflows/messages.ts';
import { bookingBody } from '../support/booking.ts';
import { count } from '../support/claiming.ts';
import { eventually, send } from '../support/engine.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork } from '../support/network.ts';
import { killServer, openSite, serverFolder, type Site } from '../support/programs.ts';

const minute = 60_000;

describe('a restart of everything', () => {
  let own: ReturnType<typeof serverFolder>;
  let site: Site;
  let temporal: TemporalServer;
  let ports: number[];

  const temporalUp = async () => {
    temporal = await startTemporal({
      dbFile: join(own.folder, 'temporal.db'),
      port: ports[0]!,
      uiPort: ports[1]!,
      searchAttributes: {},
      runDir: own.folder,
      log: () => {},
    });
  };
  /** Asks the Temporal server that runs now. */
  async function withTemporal<T>(ask: (client: Client) => Promise<T>): Promise<T> {
    const connection = await Connection.connect({ address: temporal.address });
    try {
      return await ask(new Client({ connection }));
    } finally {
      await connection.close();
    }
  }

  before(async () => {
    own = serverFolder();
    ports = await freePorts(2);
    await temporalUp();
    await withTemporal(({ connection }) => prepareNamespace(connection as Connection, 'default'));
    site = await openSite({ TEMPORAL_ADDRESS: temporal.address, ANSWER_WITHIN_MS: '20000' });
  });
  after(async () => {
    await site?.close();
    await temporal?.stop();
    own.release();
  });

  it('by kill -9, between a booking and its reminder, sends the reminder exactly once, and none for a cancelled visit', async () => {
    const { orm } = site.database;
    const programs = await Promise.all([site.startApi(), site.startWorker()]);
    const [startsAt, dueIn] = [Date.parse((await buildNetwork(orm)).at('10:00')), 20_000];
    // Due a few seconds from now: the visit is tomorrow, and so is all but these seconds of the lead.
    const lead = (later: number) => (startsAt - Date.now() - dueIn - later) / minute;
    const network = await buildNetwork(orm, { settings: { reminderLeadMinutes: [lead(0)] } });
    const soon = await buildNetwork(orm, { settings: { reminderLeadMinutes: [lead(-1000)] } });
    const post = (url: string, { apiKey }: typeof network, path: string, body?: unknown, key: string = randomUUID()) =>
      send(url, apiKey, 'POST', path, body, { 'idempotency-key': key });
    const kept = await post(programs[0].url, network, '/v1/appointments', bookingBody(network));
    const dropped = await post(programs[0].url, soon, '/v1/appointments', bookingBody(soon));
    const overtaken = await post(programs[0].url, soon, '/v1/appointments', bookingBody(soon, { startsAt: soon.at('11:00') }));
    for (const { status, text } of [kept, dropped, overtaken]) expect(status, text).to.equal(201);
    expect((await post(programs[0].url, soon, `/v1/appointments/${dropped.body.id}/cancel`)).status).to.equal(200);
    // A mail under way at the kill would be awaited for its time limit of a minute.
    await eventually(
      () => count(orm, 'delivery', `kind <> 'reminder_customer' and finished_at is null`, []),
      (open) => open === 0,
    );
    const reminders = async (id: string) =>
      (await mailsOf(id)).filter(({ headers }) => headers['x-punctual-kind'] === 'reminder_customer').length;
    const delivered = (id: string) =>
      count(orm, 'delivery', `appointment_id = ? and kind = 'reminder_customer' and state = 'delivered'`, [id]);

    await Promise.all(programs.map((program) => program.end('SIGKILL')));
    await killServer(-Number(readFileSync(join(own.folder, 'temporal.pid'), 'utf8').split('\n')[0]), ports[0]!);
    expect(await delivered(kept.body.id), 'the reminder was due before the restart: choose a longer time').to.equal(0);
    await temporalUp();
    const [api, worker] = await Promise.all([site.startApi(), site.startWorker()]);

    await eventually(
      () => delivered(kept.body.id),
      (found) => found === 1,
      40_000,
    );
    expect(await reminders(kept.body.id)).to.equal(1);
    expect((await send(api.url, network.apiKey, 'GET', `/v1/appointments/${kept.body.id}`)).body.status).to.equal('confirmed');
    // The cancelled visit's reminder was due first. Its workflow is over, so none can follow.
    await eventually(
      () => withTemporal((client) => client.workflow.getHandle(appointmentWorkflowId(dropped.body.id)).describe()),
      ({ status }) => status.name === 'COMPLETED',
    );
    expect(await reminders(dropped.body.id)).to.equal(0);
    expect(
      await count(orm, 'delivery', `appointment_id = ? and kind = 'reminder_customer' and state = 'skipped'`, [dropped.body.id]),
    ).to.equal(1);
    // A reminder that has been sent is not sent again by a second restart; a visit is cancelled by programs that did not book it.
    await Promise.all([api.end('SIGKILL'), worker.end('SIGKILL')]);
    const [another] = await Promise.all([site.startApi(), site.startWorker()]);
    expect(
      (
        await eventually(
          () => post(another.url, soon, `/v1/appointments/${overtaken.body.id}/cancel`),
          ({ status }) => status === 200,
        )
      ).body.status,
    ).to.equal('cancelled');
    const tellings = async () =>
      (await mailsOf(overtaken.body.id)).filter(({ headers }) => headers['x-punctual-kind']?.startsWith('cancellation')).length;
    await eventually(tellings, (found) => found === 2);
    expect(await reminders(kept.body.id)).to.equal(1);
  });
});
