/**
 * Goal: each effect ends exactly once, on time, and says how; each barber of a visit has effects of his own. Method: the activity on real
 * PostgreSQL, a mailer that is told how to fail.
 */
import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { expect } from 'chai';
import { createLinks } from '../../src/db/self-service.ts';
import type { ActivityDeps } from '../../activities/deps.ts';
import { createHousekeepingActivities } from '../../activities/housekeeping.ts';
import { createMessageActivities } from '../../activities/message.ts';
import { nextWait } from '../../activities/retry.ts';
import { createAddressMarks } from '../../src/db/address-mark.ts';
import { listDeliveries } from '../../src/db/appointment.ts';
import { storeRequest } from '../../src/db/booking-request.ts';
import { beginAttempt } from '../../src/db/attempt.ts';
import { deliveryId as idOf, insertDeliveries, readDeliveries } from '../../src/db/delivery.ts';
import { BarberService } from '../../src/db/entities/barber.ts';
import { Service } from '../../src/db/entities/network.ts';
import { planConfirmation } from '../../src/domain/effects.ts';
import { createRemind } from '../../src/domain/reminders.ts';
import { visitOf, type Wish } from '../../src/domain/rules.ts';
import { MailError, type OutgoingMail } from '../../src/integrations/mail.ts';
import { createMetrics } from '../../src/metrics.ts';
import { defaultPolicy } from '../../workflows/messages.ts';
import { asActivity, rowOf } from '../support/attempt.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { change, claim, confirmed, facts, request } from '../support/claiming.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';

describe('sendMessage', () => {
  let database: TestDatabase;
  let network: TestNetwork;
  let appointmentId: string;
  let deliveryId: string;
  let sent: OutgoingMail[];
  let failure: MailError | null;
  let clock: number;

  const activities = () =>
    createMessageActivities({
      orm: database.orm,
      links: createLinks({ linkSecret: 'a secret of the tests, long enough for anybody', publicUrl: 'https://bookings.example' }),
      mailFrom: 'bookings@punctual.example',
      metrics: createMetrics(async () => 0),
      now: () => new Date(clock),
      log: { warn: () => {}, info: () => {} },
      texter: null,
      marks: createAddressMarks(database.orm, 'a secret of the tests, long enough for anybody'),
      mailer: {
        close: () => {},
        verify: async () => {},
        send: async (mail) => {
          if (failure) throw failure;
          sent.push(mail);
          return { providerId: mail.messageId };
        },
      },
    });
  const send = () => asActivity(() => activities().sendMessage({ networkId: network.networkId, deliveryId, policy: defaultPolicy }));
  const state = async () =>
    (await listDeliveries(database.orm.em.fork(), network.networkId, appointmentId)).find(({ id }) => id === deliveryId)!;

  before(async () => {
    database = await createDatabase();
  });
  after(() => database.drop());
  beforeEach(async () => {
    const visit = await confirmed(database.orm);
    ({ network, deliveryId } = visit);
    ({ appointmentId } = visit.ids);
    [sent, failure, clock] = [[], null, Date.now()];
  });

  it('a confirmation, sent, is delivered with a fixed Message-ID and an invitation', async () => {
    await send();

    expect(sent).to.have.length(1);
    expect(sent[0]!.messageId).to.equal(`<${deliveryId}@punctual>`);
    expect(sent[0]!.invitation!.content)
      .to.include(`UID:${appointmentId}@punctual`)
      .and.to.include('SEQUENCE:0')
      .and.to.include('METHOD:REQUEST');
    expect(await state()).to.include({ state: 'delivered', attempts: 1 });
  });

  it('an attempt that comes after the next one of its own activity, is another', async () => {
    const em = database.orm.em.fork();
    const by = (attempt: number) => ({ activity: 'appointment-1 7', attempt });
    expect(await beginAttempt(em, network.networkId, deliveryId, by(2))).to.include({ busy: false });
    expect(await beginAttempt(em, network.networkId, deliveryId, by(1))).to.include({ busy: true });
    expect(await beginAttempt(em, network.networkId, deliveryId, by(3))).to.include({ busy: false });
    expect(await beginAttempt(em, network.networkId, deliveryId, { activity: 'redelivery-1 7', attempt: 9 })).to.include({ busy: true });
  });

  it('a delivery that has ended, started again, sends nothing', async () => {
    await send();
    await send();

    expect(sent).to.have.length(1);
    expect(await state()).to.include({ state: 'delivered', attempts: 1 });
  });

  it('a passing failure, each time, names the wait that the policy lists', async () => {
    failure = new MailError('transient', 'SMTP failed: 451');
    const waits: unknown[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) {
      const error: unknown = await send().catch((caught: unknown) => caught);
      expect(error).to.be.instanceOf(ApplicationFailure);
      waits.push((error as ApplicationFailure).nextRetryDelay);
    }

    expect(waits).to.deep.equal([1000, 5000, 10_000, 30_000, 60_000, 900_000, 900_000]);
    expect(await state()).to.include({ state: 'due', attempts: 7, errorClass: 'transient' });
  });

  it('a failure a day after the first try, parks the delivery', async () => {
    failure = new MailError('transient', 'SMTP failed: 451');
    await send().catch(() => {});
    clock += 24 * 3_600_000;

    await send();

    expect(await state()).to.include({ state: 'parked', errorClass: 'transient', attempts: 2 });
  });

  it('a permanent failure, at the first try, parks the delivery', async () => {
    failure = new MailError('permanent', 'SMTP failed: 550 RCPT TO');

    await send();

    expect(await state()).to.include({ state: 'parked', errorClass: 'permanent', errorText: 'SMTP failed: 550 RCPT TO' });
  });

  it('a reminder, whose try falls into the night, waits for its end and has lost nothing; one that could not wait goes', async () => {
    const em = database.orm.em.fork();
    const startsAt = Date.parse(network.at('10:00', 3));
    const quietly = (to: string) =>
      em.execute(`update appointment set policy = policy || ? where id = ?`, [
        JSON.stringify({ quietHours: { from: '22:00', to }, reminderJitterSeconds: 0 }),
        appointmentId,
      ]);
    await em.execute(`update delivery set kind = 'reminder_customer' where id = ?`, [deliveryId]);
    failure = new MailError('transient', 'SMTP failed: 451');
    await send().catch(() => {});
    failure = null;
    clock = startsAt - 6 * 3_600_000;
    await em.execute(`update delivery set first_tried_at = ? where id = ?`, [new Date(clock - 3_600_000), deliveryId]);
    await quietly('07:00');
    for (const each of [await send().catch((caught: unknown) => caught), await send().catch((caught: unknown) => caught)]) {
      expect(each)
        .to.be.instanceOf(ApplicationFailure)
        .and.to.include({ type: 'Quiet', nextRetryDelay: 3 * 3_600_000 });
    }
    expect(sent).to.deep.equal([]);
    expect(await state()).to.include({ state: 'due', attempts: 1, errorClass: 'transient' });

    await quietly('09:30');
    await send();
    expect(await state()).to.include({ state: 'delivered', attempts: 2 });
    expect(sent).to.have.length(1);
  });

  it('a message whose use is past, is skipped', async () => {
    clock = Date.parse(network.at('10:00', 3));

    await send();

    expect(sent).to.have.length(0);
    expect(await state()).to.include({ state: 'skipped', errorClass: 'too_late' });
  });

  it('a message that no worker took until its use was past, is skipped; before that, it waits for a person', async () => {
    const housekeeping = createHousekeepingActivities({
      orm: database.orm,
      metrics: createMetrics(async () => 0),
      now: () => new Date(),
    } as ActivityDeps);
    const other = (await readDeliveries(database.orm.em.fork(), network.networkId, appointmentId)).find(({ id }) => id !== deliveryId)!.id;
    await database.orm.em.fork().execute(`update delivery set useful_until = now() - interval '2 minutes' where id = ?`, [deliveryId]);
    for (const id of [deliveryId, other]) await housekeeping.settleDelivery({ networkId: network.networkId, deliveryId: id, why: 'lost' });

    expect(await state()).to.include({ state: 'skipped', errorClass: 'too_late', errorText: 'the attempt was lost' });
    expect((await listDeliveries(database.orm.em.fork(), network.networkId, appointmentId)).find(({ id }) => id === other)).to.include({
      state: 'parked',
      errorClass: 'lost',
    });
  });

  it('a confirmation of what was cancelled in between, is not sent', async () => {
    await change(database.orm, { networkId: network.networkId, appointmentId });

    await send();

    expect(sent).to.have.length(0);
    expect(await state()).to.include({ state: 'skipped' });
  });

  it('a barber who lost a visit and has it again before he heard of it, hears only that he has it', async () => {
    network = await buildNetwork(database.orm, { barbers: 2 });
    const { networkId, shopId, serviceId, barberIds } = network;
    const startsAt = network.at('10:00', 3);
    const ids = await request(database.orm, network, startsAt);
    await claim(database.orm, ids, await facts(database.orm, network, startsAt), startsAt);
    const who = { actor: 'test', by: 'customer', source: 'api' } as const;
    const moveTo = (barberId: string) =>
      change(database.orm, ids, { action: 'reschedule', to: { shopId, visit: visitOf(serviceId, barberId), startsAt }, ...who });
    for (const barberId of [barberIds[1]!, barberIds[0]!]) expect(await moveTo(barberId)).to.include({ ok: true });

    const news = (await readDeliveries(database.orm.em.fork(), networkId, ids.appointmentId)).filter(({ kind }) =>
      kind.endsWith('_barber'),
    );
    expect(news.map(({ kind, barberId }) => [kind, barberId ?? barberIds[0]])).to.have.deep.members([
      ['confirmation_barber', barberIds[0]],
      ['cancellation_barber', barberIds[1]],
    ]);
  });

  it('a barber who had a visit alone and now shares it, loses the event that he knew, whatever comes after', async () => {
    network = await buildNetwork(database.orm, { barbers: 2 });
    const { networkId, shopId, serviceId, barberIds } = network;
    const startsAt = network.at('10:00', 3);
    const ids = await request(database.orm, network, startsAt);
    await claim(database.orm, ids, await facts(database.orm, network, startsAt), startsAt);
    const who = { actor: 'test', by: 'customer', source: 'api' } as const;
    const visit = { wishes: barberIds.map((barberId) => ({ serviceId, barberId })), sameBarber: false };
    for (const time of ['11:00', '12:00']) {
      const to = { shopId, visit, startsAt: network.at(time, 3) };
      expect(await change(database.orm, ids, { action: 'reschedule', to, ...who })).to.include({ ok: true });
    }

    const lost = (await readDeliveries(database.orm.em.fork(), networkId, ids.appointmentId)).filter(
      ({ kind, barberId }) => kind === 'cancellation_barber' && barberId === barberIds[0],
    );
    expect(lost).to.have.length(1);
  });

  it('a contact that was erased, leaves nobody to write to', async () => {
    await database.orm.em.fork().execute('delete from contact where id = ?', [appointmentId]);

    await send();

    expect(await state()).to.include({ state: 'skipped', errorClass: 'no_address' });
  });

  /** Sends the refusal of a request for a cut and a beard at 10:00, and answers its mail. */
  async function refuse(wishedOf: (ids: { cut: string; beard: string; first: string; second: string }) => Wish[]): Promise<OutgoingMail> {
    network = await buildNetwork(database.orm, { barbers: 2 });
    const {
      networkId,
      apiClientId,
      shopId,
      serviceId,
      timeZone,
      barberIds: [first = '', second = ''],
    } = network;
    const em = database.orm.em.fork();
    const [id, beard] = [randomUUID(), randomUUID()];
    await em.insert(Service, {
      id: beard,
      networkId,
      name: 'Barba',
      durationMinutes: 20,
      segments: [{ kind: 'busy', minutes: 20 }],
      priceCents: 1000,
      currency: 'EUR',
      settings: {},
      archivedAt: null,
      version: 1,
    });
    await em.insert(BarberService, {
      id: randomUUID(),
      networkId,
      barberId: second,
      serviceId: beard,
      offered: true,
      segments: [{ kind: 'busy', minutes: 45 }],
      priceCents: 1200,
      settings: {},
      version: 1,
    });
    const wishes = wishedOf({ cut: serviceId, beard, first, second });
    const startsAt = new Date(network.at('10:00', 3));
    await storeRequest(
      em,
      {
        id,
        networkId,
        apiClientId,
        fingerprint: 'f',
        shopId,
        ...wishes[0]!,
        wishes: wishes.length > 1 ? { wishes, sameBarber: false } : null,
        startsAt,
        customerTimeZone: timeZone,
        entry: 'book',
      },
      { name: 'Rui', email: `${id}@example.com`, phone: null, timeZone, locale: 'en' },
      randomUUID(),
    );
    await em.execute(
      `update booking_request set outcome = '{"ok": false, "code": "slot_taken", "nearest": []}', decided_at = now() where id = ?`,
      [id],
    );
    await insertDeliveries(
      em,
      rowOf(networkId, id),
      [{ kind: 'refusal_customer', dueAt: new Date().toISOString(), usefulUntil: startsAt.toISOString() }],
      new Date(),
    );
    await em.flush();
    deliveryId = (await readDeliveries(em, networkId, id))[0]!.id;
    await send();
    return sent[0]!;
  }

  it('a refusal of several services, sent, names each with its wished barber, and their length and price by his terms', async () => {
    const { text } = await refuse(({ cut, beard, second }) => [
      { serviceId: cut, barberId: null },
      { serviceId: beard, barberId: second },
    ]);

    expect(text)
      .to.include('\nServices:\n- Corte\n- Barba, Barber 2\nWhere: ')
      .and.include(', 10:00–11:15 (')
      .and.include('\nPrice: €27.00\n')
      .and.not.include('Barber:');
  });

  it('a refusal of one service, sent, reads as ever', async () => {
    const { text } = await refuse(({ beard, first }) => [{ serviceId: beard, barberId: first }]);

    expect(text).to.include('\nService: Barba\nBarber: Barber 1\nWhere: ').and.include(', 10:00–10:20 (').and.include('\nPrice: €10.00\n');
  });

  it('a barber of a visit of his alone, written to, is not named in the delivery', async () => {
    const [open] = (await readDeliveries(database.orm.em, network.networkId, appointmentId)).filter(
      ({ kind }) => kind === 'confirmation_barber',
    );
    const context = await beginAttempt(database.orm.em.fork(), network.networkId, open!.id, { activity: 'test', attempt: 1 });

    expect(open).to.not.have.property('barberId');
    expect(context).to.include({ barberId: null });
    expect(context!.barber).to.include({ name: 'Barber 1' });
    expect(context!.parts.map(({ serviceName, barberName, priceCents }) => [serviceName, barberName, priceCents])).to.deep.equal([
      ['Corte', 'Barber 1', 1500],
    ]);
    expect(context!.service).to.deep.equal({ name: 'Corte' });
  });

  it('the deliveries of a visit of two barbers, read again, are those that were planned', async () => {
    const em = database.orm.em.fork();
    const barberIds = [randomUUID(), randomUUID()];
    const id = randomUUID();
    const startsAt = Date.parse(network.at('10:00', 3));
    const remind = createRemind(id, 'Europe/Lisbon', { reminderLeadMinutes: [60], reminderJitterSeconds: 0, quietHours: null });
    await insertDeliveries(em, rowOf(network.networkId, id), planConfirmation(startsAt, remind, Date.now(), barberIds), new Date());
    await em.flush();

    expect(
      (await readDeliveries(em, network.networkId, id)).map(({ kind, barberId, channels }) => [kind, barberId, channels]),
    ).to.have.deep.members([
      ['confirmation_customer', undefined, ['mail', 'sms']],
      ['confirmation_barber', barberIds[0], ['mail']],
      ['confirmation_barber', barberIds[1], ['mail']],
      ['reminder_customer', undefined, ['mail', 'sms']],
    ]);
  });

  it('a delivery of another network, asked for, is not found', async () => {
    const other = await buildNetwork(database.orm);
    await asActivity(() => activities().sendMessage({ networkId: other.networkId, deliveryId, policy: defaultPolicy }));

    expect(sent).to.have.length(0);
    expect(await state()).to.include({ state: 'due', attempts: 0 });
  });
});

describe('deliveryId', () => {
  const [appointmentId, dueAt] = ['7b0f1c1e-8a51-5c3c-9d55-0e6a4c3a2f10', '2026-11-27T10:30:00.000Z'];

  it('an effect without a named barber, named again, has the id that it had before visits had parts', () => {
    expect(idOf(appointmentId, 0, { kind: 'confirmation_barber', dueAt })).to.equal('046f9829-effb-5aab-b130-bb20014f46b5');
    expect(idOf(appointmentId, 0, { kind: 'reminder_customer', dueAt })).to.equal('af26dc3f-74d2-5c1f-a722-efb7efd71545');
  });

  it('effects for different barbers, named, have different ids, the same on every run', () => {
    const ids = ['a', 'b', 'a'].map((barberId) => idOf(appointmentId, 0, { kind: 'confirmation_barber', dueAt, barberId }));

    expect(ids[0]).to.equal(ids[2]).and.to.not.equal(ids[1]);
    expect(ids).to.not.include(idOf(appointmentId, 0, { kind: 'confirmation_barber', dueAt }));
  });
});

describe('nextWait', () => {
  const policy = { retryAfterSeconds: [1, 5], retryEverySeconds: 60, giveUpAfterSeconds: 100 };
  const at = (seconds: number) => new Date(seconds * 1000).toISOString();

  it('a next try beyond the use of the effect, is not made', () => {
    expect(nextWait({ attempts: 1, firstTriedAt: at(0), usefulUntil: at(10) }, policy, 9_000)).to.equal(1);
    expect(nextWait({ attempts: 1, firstTriedAt: at(0), usefulUntil: at(10) }, policy, 9_500)).to.equal(null);
  });

  it('a next try beyond the limit since the first, is not made', () => {
    expect(nextWait({ attempts: 3, firstTriedAt: at(0), usefulUntil: at(1e6) }, policy, 40_000)).to.equal(60);
    expect(nextWait({ attempts: 3, firstTriedAt: at(0), usefulUntil: at(1e6) }, policy, 41_000)).to.equal(null);
  });
});
