/** Goal: each effect ends exactly once, on time, and says how. Method: the activity on real PostgreSQL, a mailer that is told how to fail. */
import { ApplicationFailure } from '@temporalio/common';
import { expect } from 'chai';
import { createMessageActivities, nextWait } from '../../activities/message.ts';
import { cancelAppointment, listDeliveries } from '../../src/db/appointment.ts';
import { MailError, type OutgoingMail } from '../../src/integrations/mail.ts';
import { createMetrics } from '../../src/metrics.ts';
import { defaultPolicy } from '../../workflows/messages.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { claim, facts, request } from '../support/claiming.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';

describe('sendMessage', () => {
  let database: TestDatabase;
  let network: TestNetwork;
  let appointmentId: string;
  let deliveryId: string;
  let sent: OutgoingMail[];
  let failure: MailError | null;
  let clock: number;

  const activities = () => createMessageActivities({
    orm: database.orm, mailFrom: 'bookings@punctual.example', metrics: createMetrics(async () => 0), now: () => new Date(clock),
    mailer: { close: () => {}, verify: async () => {}, send: async (mail) => { if (failure) throw failure; sent.push(mail); return { providerId: mail.messageId }; } },
  });
  const send = () => activities().sendMessage({ networkId: network.networkId, deliveryId, policy: defaultPolicy });
  const state = async () => (await listDeliveries(database.orm.em.fork(), network.networkId, appointmentId)).find(({ id }) => id === deliveryId)!;

  before(async () => { database = await createDatabase(); });
  after(() => database.drop());
  beforeEach(async () => {
    network = await buildNetwork(database.orm);
    const startsAt = network.at('10:00', 3);
    const ids = await request(database.orm, network, startsAt);
    const { deliveries } = await claim(database.orm, ids, await facts(database.orm, network, startsAt), startsAt);
    ({ appointmentId } = ids);
    deliveryId = deliveries.find(({ kind }) => kind === 'confirmation_customer')!.id;
    [sent, failure, clock] = [[], null, Date.now()];
  });

  it('a confirmation, sent, is delivered with a fixed Message-ID and an invitation', async () => {
    await send();

    expect(sent).to.have.length(1);
    expect(sent[0]!.messageId).to.equal(`<${deliveryId}@punctual>`);
    expect(sent[0]!.invitation!.content).to.include(`UID:${appointmentId}@punctual`).and.to.include('SEQUENCE:0').and.to.include('METHOD:REQUEST');
    expect(await state()).to.include({ state: 'delivered', attempts: 1 });
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

  it('a message whose use is past, is skipped', async () => {
    clock = Date.parse(network.at('10:00', 3));

    await send();

    expect(sent).to.have.length(0);
    expect(await state()).to.include({ state: 'skipped', errorClass: 'too_late' });
  });

  it('a confirmation of what was cancelled in between, is not sent', async () => {
    await cancelAppointment(database.orm.em.fork(), { networkId: network.networkId, appointmentId }, 'test', new Date());

    await send();

    expect(sent).to.have.length(0);
    expect(await state()).to.include({ state: 'skipped' });
  });

  it('a contact that was erased, leaves nobody to write to', async () => {
    await database.orm.em.fork().execute('delete from contact where id = ?', [appointmentId]);

    await send();

    expect(await state()).to.include({ state: 'skipped', errorClass: 'no_address' });
  });

  it('a delivery of another network, asked for, is not found', async () => {
    const other = await buildNetwork(database.orm);
    await activities().sendMessage({ networkId: other.networkId, deliveryId, policy: defaultPolicy });

    expect(sent).to.have.length(0);
    expect(await state()).to.include({ state: 'due', attempts: 0 });
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
