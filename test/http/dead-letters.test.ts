/**
 * Goal: what cannot be delivered ends before a person's eyes, and goes out once when they want it. Method: the whole engine with a mail
 * client that is told how to fail and is the real one otherwise; workflows are terminated, schedules are run by hand.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { reclaimLost } from '../../src/db/handover.ts';
import { createMailer, MailError, type Mailer, type OutgoingMail } from '../../src/integrations/mail.ts';
import { appointmentWorkflowId, redeliveryWorkflowId } from '../../workflows/messages.ts';
import { book } from '../support/booking.ts';
import { count } from '../support/claiming.ts';
import { required } from '../support/database.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';

describe('dead letters', () => {
  let engine: Engine;
  let network: TestNetwork;
  let failing: (mail: OutgoingMail) => MailError | null = () => null;
  let signedIn = true;

  before(async () => {
    const real = createMailer({ smtpUrl: required('TEST_SMTP_URL') });
    const mailer: Mailer = {
      ...real,
      send: async (mail) => {
        const failure = failing(mail);
        if (failure) throw failure;
        return real.send(mail);
      },
      verify: async () => {
        if (!signedIn) throw new MailError('sign_in', 'SMTP failed: EAUTH 535');
      },
    };
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' }, deps: { mailer } });
  });
  after(() => engine.stop());
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm);
    [failing, signedIn] = [() => null, true];
  });

  const call = (method: string, path: string, body?: unknown): Promise<Answer> => engine.call(network.apiKey, method, path, body);
  const list = async (query = ''): Promise<{ id: string; appointmentId: string; kind: string; errorClass: string }[]> =>
    (await call('GET', `/v1/dead-letters${query}`)).body.items;
  const deliveries = async (id: string): Promise<{ id: string; kind: string; state: string; errorClass: string | null }[]> =>
    (await call('GET', `/v1/appointments/${id}/deliveries`)).body.items;
  const stateOf = async (appointmentId: string, id: string) => (await deliveries(appointmentId)).find((each) => each.id === id)!.state;
  const is =
    (kind: string) =>
    (mail: OutgoingMail): boolean =>
      mail.headers['X-Punctual-Kind'] === kind;
  const refuse = (kind: string, failure = new MailError('permanent', 'SMTP failed: 554 5.7.1 DATA')) => {
    failing = (mail) => (is(kind)(mail) ? failure : null);
  };
  const mailed = async (id: string, kind: string) =>
    (await mailsOf(id)).filter(({ headers }) => headers['x-punctual-kind'] === kind).length;
  /** What the Temporal UI shows of the appointment. */
  const parkedOf = async (appointmentId: string) =>
    (await engine.deps.temporal.client.workflow.getHandle(appointmentWorkflowId(appointmentId)).describe()).searchAttributes
      .PunctualParked as number[] | undefined;
  const run = (sweep: boolean): Promise<number> => {
    const { deps } = engine;
    return deps.temporal.client.workflow.execute('handover', {
      workflowId: `handover-${randomUUID()}`,
      taskQueue: deps.config.temporal.taskQueue,
      args: [{ sweep, policy: deps.policy }],
    });
  };

  /** Books, and waits until one of its mails is parked. */
  async function parked(
    kind = 'confirmation_customer',
    wishes: Record<string, unknown> = {},
  ): Promise<{ appointmentId: string; id: string }> {
    const { body } = await book(engine, network, wishes);
    const [row] = await eventually(
      async () => (await deliveries(body.id)).filter((each) => each.kind === kind),
      (rows) => rows[0]?.state === 'parked',
    );
    return { appointmentId: body.id, id: row!.id };
  }

  it("a mail that is refused for good, is parked and listed without anybody's data; the others have gone", async () => {
    refuse('confirmation_customer');
    const { appointmentId, id } = await parked();

    const {
      text,
      body: {
        items: [found],
      },
    } = await call('GET', '/v1/dead-letters');
    expect(found).to.deep.include({
      id,
      appointmentId,
      workflowId: appointmentWorkflowId(appointmentId),
      shopId: network.shopId,
      kind: 'confirmation_customer',
      channel: 'mail',
      errorClass: 'permanent',
      errorText: 'SMTP failed: 554 5.7.1 DATA',
      attempts: 1,
      retries: 0,
    });
    expect(text).to.not.match(/@|Söderberg|\+351/);
    await eventually(
      () => mailed(appointmentId, 'confirmation_barber'),
      (sent) => sent === 1,
    );
    const described = await eventually(
      () => engine.deps.temporal.client.workflow.getHandle(appointmentWorkflowId(appointmentId)).describe(),
      ({ searchAttributes }) => searchAttributes.PunctualParked !== undefined,
    );
    expect(described.searchAttributes.PunctualParked).to.deep.equal([1]);
  });

  it("one, tried again twice at once and once more later, goes out once, by the appointment's own workflow", async () => {
    refuse('confirmation_customer');
    const { appointmentId, id } = await parked();
    failing = () => null;

    const answers = await Promise.all([1, 2].map(() => call('POST', `/v1/dead-letters/${id}/retry`)));
    expect(answers.map(({ status }) => status)).to.deep.equal([202, 202]);
    await eventually(
      () => stateOf(appointmentId, id),
      (state) => state === 'delivered',
    );
    expect((await call('POST', `/v1/dead-letters/${id}/retry`)).body).to.deep.equal({
      id,
      appointmentId,
      state: 'delivered',
      retries: 1,
      errorClass: 'permanent',
    });
    await run(true);
    expect(await mailed(appointmentId, 'confirmation_customer')).to.equal(1);
    expect(await list()).to.deep.equal([]);
    const { searchAttributes } = await engine.deps.temporal.client.workflow.getHandle(appointmentWorkflowId(appointmentId)).describe();
    expect(searchAttributes.PunctualParked).to.deep.equal([0]);
    expect(await count(engine.database.orm, 'delivery_event', 'delivery_id = ?', [id])).to.equal(1);
  });

  it('one whose error has no class, is found by the name that it is listed under', async () => {
    refuse('confirmation_customer');
    const { id } = await parked();
    await engine.database.orm.em.fork().execute('update delivery set error_class = null where id = ?', [id]);
    expect((await list())[0]).to.include({ errorClass: 'unknown' });
    expect((await call('GET', '/v1/dead-letters?errorClass=unknown')).body.items).to.have.length(1);
  });

  it('one, given up, is looked for by no operator in the Temporal UI any more', async () => {
    refuse('confirmation_customer');
    const [one, other] = [await parked(), await parked('confirmation_customer', { startsAt: network.at('15:00') })];
    for (const { appointmentId } of [one, other])
      await eventually(
        () => parkedOf(appointmentId),
        (found) => found?.[0] === 1,
      );
    expect((await call('POST', `/v1/dead-letters/${one.id}/skip`, { reason: 'told_otherwise' })).status).to.equal(200);
    expect((await call('POST', '/v1/dead-letters/skip', { kind: 'confirmation_customer', reason: 'told_otherwise' })).body).to.deep.equal({
      changed: 1,
      left: 0,
    });
    for (const { appointmentId } of [one, other])
      await eventually(
        () => parkedOf(appointmentId),
        (found) => found?.[0] === 0,
      );
  });

  it('one, tried again when it still cannot be delivered, waits again', async () => {
    refuse('confirmation_customer');
    const { appointmentId, id } = await parked();
    await call('POST', `/v1/dead-letters/${id}/retry`);

    await eventually(
      async () => (await call('GET', '/v1/dead-letters')).body.items,
      ([found]) => found?.retries === 1,
    );
    expect(await stateOf(appointmentId, id)).to.equal('parked');
  });

  it("one, whose appointment's workflow is gone, is sent by another that the Temporal UI shows", async () => {
    refuse('confirmation_customer');
    const { appointmentId, id } = await parked();
    failing = () => null;
    const { client } = engine.deps.temporal;
    await client.workflow.getHandle(appointmentWorkflowId(appointmentId)).terminate();
    await call('POST', `/v1/dead-letters/${id}/retry`);

    await eventually(
      () => stateOf(appointmentId, id),
      (state) => state === 'delivered',
    );
    expect(await mailed(appointmentId, 'confirmation_customer')).to.equal(1);
    const found = await eventually(
      async () => {
        const ids: string[] = [];
        for await (const { workflowId } of client.workflow.list({ query: `WorkflowType = 'redelivery'` })) ids.push(workflowId);
        return ids;
      },
      (ids) => ids.some((each) => each.startsWith(redeliveryWorkflowId(appointmentId, ''))),
    );
    expect(found.filter((each) => each.startsWith(redeliveryWorkflowId(appointmentId, '')))).to.have.length(1);
  });

  it('many, tried again or given up by a filter, are those that it names and no others', async () => {
    failing = () => new MailError('permanent', 'SMTP failed: 554 DATA');
    const visits = await Promise.all(
      ['10:00', '11:00', '12:00'].map((time) => parked('confirmation_barber', { startsAt: network.at(time) })),
    );
    await eventually(
      () => list(),
      (found) => found.length === 6,
    );
    expect((await list('?kind=confirmation_barber&limit=2')).length).to.equal(2);
    expect(await list('?errorClass=transient')).to.deep.equal([]);
    expect(await list(`?shopId=${randomUUID()}`)).to.deep.equal([]);
    expect(await list(`?parkedBefore=2026-01-01T00:00:00Z`)).to.deep.equal([]);

    const given = await call('POST', '/v1/dead-letters/skip', { kind: 'confirmation_barber', reason: 'told_otherwise' });
    expect([given.status, given.body]).to.deep.equal([200, { changed: 3, left: 0 }]);
    failing = () => null;
    expect((await call('POST', '/v1/dead-letters/retry', { shopId: network.shopId, errorClass: 'permanent' })).body).to.deep.equal({
      changed: 3,
      left: 0,
    });
    for (const { appointmentId } of visits) {
      await eventually(
        () => mailed(appointmentId, 'confirmation_customer'),
        (sent) => sent === 1,
      );
      expect(await mailed(appointmentId, 'confirmation_barber')).to.equal(0);
    }
    expect(await list()).to.deep.equal([]);
  });

  it('pages, followed to the end, list each once', async () => {
    failing = () => new MailError('permanent', 'SMTP failed: 554 DATA');
    await Promise.all(['10:00', '11:00'].map((time) => parked('confirmation_barber', { startsAt: network.at(time) })));
    await eventually(
      () => list(),
      (found) => found.length === 4,
    );
    const ids: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await call('GET', `/v1/dead-letters?limit=1${cursor && `&cursor=${cursor}`}`);
      ids.push(...body.items.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor;
    }
    expect(new Set(ids).size).to.equal(4);
    expect(ids).to.have.length(4);
    expect((await call('GET', `/v1/dead-letters?cursor=${Buffer.from('["x","y"]').toString('base64url')}`)).status).to.equal(400);
  });

  it('one, whose visit is cancelled meanwhile, waits no more and is not sent', async () => {
    refuse('confirmation_customer');
    const { appointmentId, id } = await parked();
    await eventually(
      () => parkedOf(appointmentId),
      (found) => found?.[0] === 1,
    );
    failing = () => null;
    await call('POST', `/v1/appointments/${appointmentId}/cancel`);

    expect(await stateOf(appointmentId, id)).to.equal('skipped');
    await eventually(
      () => parkedOf(appointmentId),
      (found) => found?.[0] === 0,
    );
    expect((await call('POST', `/v1/dead-letters/${id}/retry`)).status).to.equal(409);
    await eventually(
      () => mailed(appointmentId, 'cancellation_customer'),
      (sent) => sent === 1,
    );
    expect(await mailed(appointmentId, 'confirmation_customer')).to.equal(0);
  });

  it('a dead sign-in, parks at once; mended, its messages go out by themselves, and nothing before', async () => {
    failing = () => new MailError('sign_in', 'SMTP failed: EAUTH 535');
    signedIn = false;
    const { appointmentId, id } = await parked();
    await eventually(
      () => list('?errorClass=sign_in'),
      (found) => found.length === 2,
    );
    await run(true);
    expect(await stateOf(appointmentId, id)).to.equal('parked');

    [failing, signedIn] = [() => null, true];
    await run(true);
    await eventually(
      () => stateOf(appointmentId, id),
      (state) => state === 'delivered',
    );
    await run(true);
    expect([await mailed(appointmentId, 'confirmation_customer'), await mailed(appointmentId, 'confirmation_barber')]).to.deep.equal([
      1, 1,
    ]);
  });

  it('a refusal, that waits for a sign-in, still finds its reader when that is mended', async () => {
    failing = () => new MailError('sign_in', 'SMTP failed: EAUTH 535');
    const slow = await startEngine({ env: { ANSWER_WITHIN_MS: '300' }, deps: { mailer: engine.deps.mailer }, workers: false });
    try {
      network = await buildNetwork(slow.database.orm);
      const answers = await Promise.all([1, 2].map(() => book(slow, network)));
      expect(answers.map(({ status }) => status)).to.deep.equal([202, 202]);
      await slow.startWorkers();
      const waiting = async (): Promise<{ id: string; appointmentId: string }[]> =>
        (await slow.call(network.apiKey, 'GET', '/v1/dead-letters?kind=refusal_customer')).body.items;
      const [letter] = await eventually(waiting, (found) => found.length === 1);
      await slow.deps.temporal.client.workflow.getHandle(appointmentWorkflowId(letter!.appointmentId)).result();
      failing = () => null;
      await slow.call(network.apiKey, 'POST', `/v1/dead-letters/${letter!.id}/retry`);
      await eventually(
        () => mailed(letter!.appointmentId, 'refusal_customer'),
        (sent) => sent === 1,
      );
    } finally {
      await slow.stop();
    }
  });

  it('an address that nobody has, is remembered: the next mail to it is parked without a try, until a person wants it tried', async () => {
    failing = (mail) => (is('confirmation_customer')(mail) ? new MailError('permanent', 'SMTP failed: 550 5.1.1 RCPT TO', true) : null);
    const customer = { name: 'Ana', email: `gone.${randomUUID()}@example.com`, timeZone: 'Europe/Lisbon', locale: 'pt-PT' };
    await parked('confirmation_customer', { customer });
    failing = () => null;
    const { appointmentId, id } = await parked('confirmation_customer', { customer, startsAt: network.at('12:00') });
    expect((await list()).map(({ errorClass }) => errorClass)).to.deep.equal(['bounced', 'bounced']);

    await call('POST', `/v1/dead-letters/${id}/retry`);
    await eventually(
      () => stateOf(appointmentId, id),
      (state) => state === 'delivered',
    );
  });

  it('an effect, whose workflow was terminated before it was sent, is found and sent by another', async () => {
    failing = () => new MailError('transient', 'SMTP failed: 451');
    const {
      body: { id: appointmentId },
    } = await book(engine, network);
    await eventually(
      () => deliveries(appointmentId),
      (rows) => rows.some(({ errorClass }) => errorClass === 'transient'),
    );
    await engine.deps.temporal.client.workflow.getHandle(appointmentWorkflowId(appointmentId)).terminate();
    failing = () => null;
    await run(true);
    expect(await mailed(appointmentId, 'confirmation_customer'), 'its next try may yet come').to.equal(0);

    await engine.database.orm.em.fork().execute(
      `update delivery
         set due_at = due_at - interval '11 minutes',
           next_try_at = next_try_at - interval '11 minutes',
           attempt_began_at = attempt_began_at - interval '11 minutes'
         where appointment_id = ?`,
      [appointmentId],
    );
    await run(true);
    await eventually(
      () => mailed(appointmentId, 'confirmation_customer'),
      (sent) => sent === 1,
    );
    await eventually(
      () => mailed(appointmentId, 'confirmation_barber'),
      (sent) => sent === 1,
    );
  });

  it('a backlog, whose turn has not come, is not taken for lost', async () => {
    failing = () => new MailError('transient', 'SMTP failed: 451');
    const {
      body: { id: appointmentId },
    } = await book(engine, network);
    await eventually(
      () => deliveries(appointmentId),
      (rows) => rows.some(({ errorClass }) => errorClass === 'transient'),
    );
    // All that was begun within the hour was due before this.
    const em = engine.database.orm.em.fork();
    await em.execute(
      `update delivery
       set due_at = now() - interval '20 minutes', next_try_at = null, attempt_began_at = null, first_tried_at = null, state = 'due'
       where appointment_id = ? and kind like 'confirmation%'`,
      [appointmentId],
    );
    await em.execute(`update delivery set due_at = due_at - interval '1 hour' where appointment_id <> ?`, [appointmentId]);
    await engine.deps.temporal.client.workflow.getHandle(appointmentWorkflowId(appointmentId)).terminate();
    expect(await reclaimLost(em, 100)).to.equal(0);
    // What another way has passed on stands in the same queue, and has not begun.
    await em.execute(
      `update delivery
       set first_tried_at = now(), attempt_began_at = now(), due_at = now(), attempts = 0, state = 'due'
       where appointment_id = ? and kind = 'reminder_customer'`,
      [appointmentId],
    );
    expect(await reclaimLost(em, 100)).to.equal(0);

    await em.execute(
      `update delivery
       set first_tried_at = now(), attempt_began_at = now(), due_at = now()
       where id = (
         select id
         from delivery
         where appointment_id <> ? and channel = 'mail' and first_tried_at is not null
         limit 1)`,
      [appointmentId],
    );
    expect(await reclaimLost(em, 100)).to.be.at.least(2);
  });

  it('what is none, or another network\'s, is not there; a key without "manage" may not; an unknown reason is a fault', async () => {
    refuse('confirmation_customer');
    const { id } = await parked();
    const other = await buildNetwork(engine.database.orm, { scopes: ['book', 'manage'] });
    const booker = await buildNetwork(engine.database.orm, { scopes: ['book'] });
    expect((await engine.call(other.apiKey, 'GET', '/v1/dead-letters')).body.items).to.deep.equal([]);
    expect((await engine.call(other.apiKey, 'POST', `/v1/dead-letters/${id}/retry`)).status).to.equal(404);
    expect((await engine.call(other.apiKey, 'POST', '/v1/dead-letters/retry', {})).body).to.deep.equal({ changed: 0, left: 0 });
    expect((await engine.call(booker.apiKey, 'GET', '/v1/dead-letters')).status).to.equal(403);
    expect((await call('POST', `/v1/dead-letters/${id}/skip`, { reason: 'Ana rang' })).status).to.equal(400);
    expect((await call('POST', `/v1/dead-letters/${id}/skip`, { reason: 'other' })).body).to.include({
      state: 'skipped',
      errorClass: 'given_up',
    });
    expect((await call('POST', `/v1/dead-letters/${randomUUID()}/skip`, { reason: 'other' })).status).to.equal(404);
  });
});
