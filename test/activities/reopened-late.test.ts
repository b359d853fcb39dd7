/**
 * Goal: what is opened again while the visit is being cancelled does not tell afterwards that it takes place. Method: the cancellation is
 * held inside its transaction, by a lock on what it writes last, while the delivery is opened again; real PostgreSQL.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { reopenDeadLetters } from '../../src/db/dead-letter.ts';
import { noteReport } from '../../src/db/delivery-report.ts';
import { beginAttempt } from '../../src/db/attempt.ts';
import { endDelivery } from '../../src/db/delivery-end.ts';
import { change, confirmed } from '../support/claiming.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

describe('a confirmation, opened again while its visit is cancelled', () => {
  let database: TestDatabase;
  let ids: { appointmentId: string; networkId: string };
  let deliveryId: string;

  before(async () => {
    database = await createDatabase();
  });
  after(() => database.drop());
  beforeEach(async () => {
    ({ ids, deliveryId } = await confirmed(database.orm));
    await beginAttempt(em(), ids.networkId, deliveryId, { activity: 'test 1', attempt: 1 });
    await endDelivery(em(), ids.networkId, deliveryId, { state: 'delivered', providerId: 'x' });
  });

  const em = () => database.orm.em.fork();
  const report = (ways: ('mail' | 'sms')[]) =>
    noteReport(em(), { deliveryId, channel: 'mail', providerId: 'x', arrived: false, errorText: 'SMTP failed: 5.1.1', ways });

  /** Cancels, and does `meanwhile` after the cancellation has looked at the deliveries and before it commits. */
  async function cancelling(meanwhile: () => Promise<unknown>): Promise<void> {
    let cancelled: Promise<unknown> = Promise.resolve();
    let done: Promise<unknown> = Promise.resolve();
    await em().transactional(async (tx) => {
      await tx.execute('lock table appointment_event in share mode');
      cancelled = change(database.orm, ids);
      await wait(700);
      done = meanwhile();
      await wait(700);
    });
    await Promise.all([cancelled, done]);
  }
  const isStillSent = async (): Promise<boolean> => {
    const context = await beginAttempt(em(), ids.networkId, deliveryId, { activity: 'test 2', attempt: 1 });
    return context?.state === 'in_flight' && !context.withdrawn;
  };

  it('by a person, is not sent', async () => {
    await report(['mail']);
    await cancelling(() => reopenDeadLetters(em(), ids.networkId, { ids: [deliveryId] }, 'test', 1));
    expect(await isStillSent()).to.equal(false);
  });

  it('by the news that it did not arrive, with another way left, is not sent', async () => {
    await em().execute(`update delivery set channels = '{mail,sms}' where id = ?`, [deliveryId]);
    await em().execute(`update contact set phone = '+351910000001' where id = ?`, [ids.appointmentId]);
    await cancelling(() => report(['mail', 'sms']));
    expect(await isStillSent()).to.equal(false);
  });
});
