/**
 * Goal: an effect with two ways has one time limit, uses both, and doubles nothing. Method: the activity on real PostgreSQL, driven as
 * Temporal would by the waits that it names, on a clock of our own.
 */
import { ApplicationFailure } from '@temporalio/common';
import { expect } from 'chai';
import { createMessageActivities } from '../../activities/message.ts';
import { createAddressMarks } from '../../src/db/address-mark.ts';
import { listDeliveries } from '../../src/db/appointment.ts';
import { reopenDeadLetters } from '../../src/db/dead-letter.ts';
import { reopenSignedOut } from '../../src/db/sign-in-news.ts';
import { noteReport } from '../../src/db/delivery-report.ts';
import { MailError } from '../../src/integrations/mail.ts';
import { SmsError } from '../../src/integrations/sms.ts';
import { createMetrics } from '../../src/metrics.ts';
import { defaultPolicy, type SendState } from '../../workflows/messages.ts';
import { asActivity } from '../support/attempt.ts';
import { confirmed } from '../support/claiming.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import type { TestNetwork } from '../support/network.ts';

const hours = (count: number): number => count * 3_600_000;

describe('a message with two ways', () => {
  let database: TestDatabase;
  let network: TestNetwork;
  let appointmentId: string;
  let deliveryId: string;
  let begunAt: number;
  let clock: number;
  /** When something was tried, by which way, in hours since the first try. */
  let tries: { way: 'sms' | 'mail'; at: number }[];
  let onSms: () => Promise<void>;
  let onMail: () => Promise<void>;
  let onLinks: () => Promise<void>;

  const marks = () => createAddressMarks(database.orm, 'a secret of the tests, long enough for anybody');
  const tried = (way: 'sms' | 'mail') => tries.push({ way, at: (clock - begunAt) / hours(1) });
  const activities = () =>
    createMessageActivities({
      orm: database.orm,
      links: {
        issue: async () => {
          await onLinks();
          return [];
        },
      },
      mailFrom: 'bookings@punctual.example',
      metrics: createMetrics(async () => 0),
      now: () => new Date(clock),
      log: { warn: () => {}, info: () => {} },
      marks: marks(),
      texter: {
        verify: async () => {},
        statusOf: async () => null,
        // As the real one: what fails after a try that is in doubt, is in doubt.
        send: async ({ since, isInDoubt }) => {
          tried('sms');
          await onSms().catch((error: unknown) => {
            throw error instanceof SmsError ? error.after(isInDoubt ?? since !== null) : error;
          });
          return { providerId: 'SM1' };
        },
      },
      mailer: {
        close: () => {},
        verify: async () => {},
        send: async ({ messageId }) => {
          tried('mail');
          await onMail();
          return { providerId: messageId };
        },
      },
    });

  const row = async () =>
    (await listDeliveries(database.orm.em.fork(), network.networkId, appointmentId)).find(({ id }) => id === deliveryId)!;
  const once = async () => {
    const channel = (await row()).channel as 'sms' | 'mail';
    return asActivity(() => activities().sendMessage({ networkId: network.networkId, deliveryId, policy: defaultPolicy, channel }));
  };
  /** As the workflow and Temporal do: the next try after the wait that is named, the next way when this one does not reach. */
  async function untilItEnds(): Promise<SendState> {
    for (;;) {
      try {
        const { state } = await once();
        if (state !== 'unreachable') return state;
      } catch (error) {
        if (!(error instanceof ApplicationFailure) || !error.nextRetryDelay) throw error;
        clock += Number(error.nextRetryDelay);
      }
    }
  }
  const fails = (error: Error) => async () => {
    throw error;
  };
  const away = new SmsError('transient', 'HTTP_503');

  before(async () => {
    database = await createDatabase();
  });
  after(() => database.drop());
  beforeEach(async () => {
    const visit = await confirmed(database.orm);
    ({ network, deliveryId } = visit);
    ({ appointmentId } = visit.ids);
    const em = database.orm.em.fork();
    await em.execute(`update delivery set channels = '{sms,mail}', channel = 'sms' where id = ?`, [deliveryId]);
    await em.execute(`update contact set phone = '+351910000001' where id = ?`, [appointmentId]);
    clock = begunAt = Date.now();
    [tries, onSms, onMail, onLinks] = [[], async () => {}, async () => {}, async () => {}];
  });

  it('the first of which is away for long, goes by the second after half of the time', async () => {
    onSms = fails(away);

    expect(await untilItEnds()).to.equal('delivered');
    expect(await row()).to.include({ channel: 'mail', state: 'delivered' });
    const last = tries.findLast(({ way }) => way === 'sms')!.at;
    expect(last).to.be.within(11.7, 12);
    expect(tries.at(-1)).to.include({ way: 'mail' }).and.to.have.property('at').within(11.7, 12);
  });

  it('both of which are away, starts nothing later than a day after the first try, and waits for a person', async () => {
    onSms = fails(away);
    onMail = fails(new MailError('transient', 'SMTP failed: 451'));

    expect(await untilItEnds()).to.equal('parked');
    expect(await row()).to.include({ channel: 'mail', state: 'parked', errorClass: 'transient' });
    expect(tries.at(-1)!.at).to.be.within(23.7, 24);
    const mails = tries.filter(({ way }) => way === 'mail');
    expect(mails.slice(1, 4).map(({ at }, index) => Math.round((at - mails[index]!.at) * 3600))).to.deep.equal([1, 5, 10]);
  });

  it('that was passed on by a try whose answer was lost, is free at once for the second way', async () => {
    onSms = fails(new SmsError('permanent', '21211'));
    await once();
    const again = () =>
      asActivity(() => activities().sendMessage({ networkId: network.networkId, deliveryId, policy: defaultPolicy, channel: 'sms' }));

    expect(await again()).to.deep.equal({ state: 'unreachable' });
    expect(await row()).to.include({ channel: 'mail', state: 'due', attempts: 0 });
    expect(await untilItEnds()).to.equal('delivered');
  });

  it('of short use, divides that', async () => {
    await database.orm.em.fork().execute(`update delivery set useful_until = now() + interval '10 minutes' where id = ?`, [deliveryId]);
    onSms = fails(away);

    expect(await untilItEnds()).to.equal('delivered');
    expect(tries.at(-1))
      .to.include({ way: 'mail' })
      .and.to.have.property('at')
      .below(5 / 60);
  });

  it('that a person has tried again, has a day anew', async () => {
    onSms = fails(away);
    onMail = fails(new MailError('transient', 'SMTP failed: 451'));
    await untilItEnds();
    await reopenDeadLetters(database.orm.em.fork(), network.networkId, { ids: [deliveryId] }, 'someone', 1);
    [onSms, tries] = [async () => {}, []];

    expect(await untilItEnds()).to.equal('delivered');
    expect(tries.map(({ way }) => way)).to.deep.equal(['sms']);
  });

  it('that a person has tried again while the first is still away, goes by the second', async () => {
    onSms = fails(away);
    onMail = fails(new MailError('transient', 'SMTP failed: 451'));
    await untilItEnds();
    await reopenDeadLetters(database.orm.em.fork(), network.networkId, { ids: [deliveryId] }, 'someone', 1);
    [onMail, tries] = [async () => {}, []];

    expect(await untilItEnds()).to.equal('delivered');
    expect(tries.at(-1)!.way).to.equal('mail');
  });

  it('both of which want a new sign-in, goes by that which gets it first', async () => {
    onSms = fails(new SmsError('sign_in', '20003'));
    onMail = fails(new MailError('sign_in', 'SMTP failed: EAUTH 535'));
    expect(await untilItEnds()).to.equal('parked');
    [onMail, tries] = [async () => {}, []];
    expect(await reopenSignedOut(database.orm.em.fork(), 'mail', 500)).to.equal(1);

    expect(await untilItEnds()).to.equal('delivered');
    expect(tries.map(({ way }) => way)).to.deep.equal(['mail']);
  });

  it('of which its provider says that it arrived, while our try waits in vain for the answer, has arrived', async () => {
    onSms = async () => {
      const told = { deliveryId, channel: 'sms', providerId: 'SM1', arrived: true, errorText: '' } as const;
      await noteReport(database.orm.em.fork(), { ...told, ways: ['sms', 'mail'] });
      throw new SmsError('transient', 'ETIMEDOUT', { ambiguous: true });
    };

    expect(await untilItEnds()).to.equal('delivered');
    expect(tries).to.have.length(1);
  });

  it('the first of which wants a new sign-in, goes by the second at once, and says why', async () => {
    onSms = fails(new SmsError('sign_in', '20003'));

    expect(await untilItEnds()).to.equal('delivered');
    expect(tries.map(({ way }) => way)).to.deep.equal(['sms', 'mail']);
    expect(await row()).to.include({ channel: 'mail', state: 'delivered', errorClass: 'sign_in' });
  });

  it('whose first way may have reached the reader before its sign-in died, waits for a person', async () => {
    onSms = async () => {
      throw tries.length === 1 ? new SmsError('transient', 'ETIMEDOUT', { ambiguous: true }) : new SmsError('sign_in', '20003');
    };

    expect(await untilItEnds()).to.equal('parked');
    expect(await row()).to.include({ channel: 'sms', state: 'parked', errorClass: 'sign_in' });
  });

  it('of which it is heard a day later that it did not arrive, is not started again but waits for a person', async () => {
    await untilItEnds();
    clock += hours(25);
    const report = {
      deliveryId,
      channel: 'sms',
      providerId: 'SM1',
      arrived: false,
      errorText: 'SMS failed: 30003',
      ways: ['sms', 'mail'],
    } as const;
    await noteReport(database.orm.em.fork(), { ...report, ways: [...report.ways] });

    expect(await untilItEnds()).to.equal('parked');
    expect(tries.map(({ way }) => way)).to.deep.equal(['sms']);
    expect(await row()).to.include({ state: 'parked', errorClass: 'undelivered', errorText: 'SMS failed: 30003' });
  });

  it('whose worker stood still before it was sent, while another attempt sent it, is not sent again', async () => {
    let stoodStill = false;
    onLinks = async () => {
      if (stoodStill) return;
      stoodStill = true;
      clock += 11_000;
      expect(await once()).to.deep.equal({ state: 'delivered' });
    };

    const error: unknown = await once().catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(ApplicationFailure).and.to.include({ type: 'Overtaken' });
    expect(tries.map(({ way }) => way)).to.deep.equal(['sms']);
    expect(await row()).to.include({ state: 'delivered', attempts: 2 });
  });

  it('an attempt of which was overtaken and fails, leaves the later one alone', async () => {
    let another: Promise<unknown> = Promise.resolve();
    let release = () => {};
    onSms = async () => {
      if (tries.length > 1) return new Promise((resolve) => (release = resolve));
      another = once();
      while (tries.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      throw away;
    };

    await once().catch(() => {});
    expect(await row()).to.include({ state: 'in_flight', errorClass: null });
    release();
    expect(await another).to.deep.equal({ state: 'delivered' });
  });

  it('opened again as a sign-in works, spares an address that is dead; opened by a person, it goes there', async () => {
    await marks().set('sms', '+351910000001', 'bounced');
    await marks().set(
      'mail',
      (await database.orm.em.fork().execute<[{ email: string }]>('select email from contact where id = ?', [appointmentId]))[0].email,
      'bounced',
    );
    const reopen = async (actor: string) => {
      await database.orm.em
        .fork()
        .execute(`update delivery set state = 'parked', error_class = 'sign_in', finished_at = now() where id = ?`, [deliveryId]);
      await reopenDeadLetters(database.orm.em.fork(), network.networkId, { ids: [deliveryId] }, actor, 1);
      return untilItEnds();
    };
    expect(await reopen('housekeeping')).to.equal('parked');
    expect(tries).to.deep.equal([]);
    expect(await reopen('someone')).to.equal('delivered');
  });
});
