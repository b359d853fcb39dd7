/**
 * Goal: a dead sign-in is told to everybody concerned, once a day, whoever else cannot be reached. Method: the activities on real
 * PostgreSQL, a mailer that refuses addresses.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { createSignInActivities } from '../../activities/sign-in.ts';
import { endDelivery } from '../../src/db/delivery-end.ts';
import { reopenSignedOut } from '../../src/db/sign-in-news.ts';
import { MailError, type MailErrorKind } from '../../src/integrations/mail.ts';
import { claim, facts, request } from '../support/claiming.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';

describe('the news of a dead sign-in', () => {
  let database: TestDatabase;
  let sent: string[];
  let refused: Map<string, MailErrorKind>;
  let texts: { to: string; text: string }[];
  let hasSms: boolean;

  before(async () => {
    database = await createDatabase();
  });
  after(() => database.drop());
  beforeEach(async () => {
    [sent, refused, texts, hasSms] = [[], new Map(), [], false];
    const em = database.orm.em.fork();
    for (const table of ['shop_told', 'delivery', 'calendar_connection']) await em.execute(`delete from ${table}`);
  });

  const activities = () =>
    createSignInActivities({
      orm: database.orm,
      texter: hasSms
        ? {
            verify: async () => {},
            statusOf: async () => null,
            send: async ({ to, text }) => {
              texts.push({ to, text });
              return { providerId: 'SM1' };
            },
          }
        : null,
      mailFrom: 'bookings@punctual.example',
      signInLinks: { url: () => 'https://bookings.example/calendars' },
      now: () => new Date(),
      log: { warn: () => {}, info: () => {} },
      mailer: {
        close: () => {},
        verify: async () => {},
        send: async ({ to, messageId }) => {
          const kind = refused.get(to.address);
          if (kind) throw new MailError(kind, 'SMTP failed: EENVELOPE RCPT TO');
          sent.push(to.address);
          return { providerId: messageId };
        },
      },
    });

  /** A shop of its own whose SMS a dead sign-in has parked, and its barber's calendar that waits for one. */
  async function signedOut(): Promise<{ network: TestNetwork; shop: string; barber: string }> {
    const network = await buildNetwork(database.orm);
    const [shop, barber] = [`${randomUUID()}@shops.example`, `${network.barberIds[0]}@barbers.example`];
    const startsAt = network.at('10:00', 3);
    const ids = await request(database.orm, network, startsAt);
    await claim(database.orm, ids, await facts(database.orm, network, startsAt), startsAt);
    const em = database.orm.em.fork();
    await em.execute('update shop set email = ? where id = ?', [shop, network.shopId]);
    await em.execute(
      `update delivery
       set state = 'parked', channel = 'sms', channels = '{sms}',
         error_class = 'sign_in', error_text = 'SMS failed: 20003', finished_at = now()
       where appointment_id = ? and kind = 'confirmation_customer'`,
      [ids.appointmentId],
    );
    await em.execute(
      `insert into calendar_connection (id, network_id, barber_id, provider, account, calendar_id, time_zone, state, signed_out_at)
       values (?, ?, ?, 'caldav', 'rui', 'https://calendar.example/', 'Europe/Lisbon', 'signed_out', now())`,
      [randomUUID(), network.networkId, network.barberIds[0]],
    );
    return { network, shop, barber };
  }

  for (const kind of ['permanent', 'transient'] as const) {
    it(`to several shops, the address of one of which fails (${kind}), reaches the others, each once`, async () => {
      const shops = [await signedOut(), await signedOut(), await signedOut()].map(({ shop }) => shop);
      for (const bad of shops) {
        [sent, refused] = [[], new Map([[bad, kind]])];
        await database.orm.em.fork().execute('delete from shop_told');
        await activities().tellShops();
        await activities().tellShops();
        expect(sent.toSorted()).to.deep.equal(shops.filter((shop) => shop !== bad).toSorted());
      }
    });

    it(`to a barber and his shop, one address of which fails (${kind}), reaches the other once, and the next calendar's owner too`, async () => {
      const [one, other] = [await signedOut(), await signedOut()];
      for (const bad of [one.shop, one.barber]) {
        [sent, refused] = [[], new Map([[bad, kind]])];
        await database.orm.em.fork().execute('update calendar_connection set told_at = null');
        await activities().tellOwners();
        await activities().tellOwners();
        expect(sent.toSorted()).to.deep.equal(
          [one.shop, one.barber, other.shop, other.barber].filter((address) => address !== bad).toSorted(),
        );
      }
    });
  }

  it('of the mail itself, goes to each shop by SMS, once a day', async () => {
    const { network } = await signedOut();
    const em = database.orm.em.fork();
    await em.execute(`update delivery set channel = 'mail', channels = '{mail}' where error_class = 'sign_in'`);
    await em.execute(`update shop set phone = '+351210000001' where id = ?`, [network.shopId]);
    await activities().tellShops();
    expect(texts, 'no SMS is set up').to.deep.equal([]);
    hasSms = true;
    await activities().tellShops();
    await activities().tellShops();
    expect(texts).to.have.length(1);
    expect(texts[0]!.to).to.equal('+351210000001');
    expect(texts[0]!.text).to.include('Os e-mails para os seus clientes não estão a sair');
    expect(sent).to.deep.equal([]);
  });

  it('whose messages go by another way meanwhile, is told too, until it works again', async () => {
    const { network, shop } = await signedOut();
    const em = database.orm.em.fork();
    await em.execute(
      `update delivery
       set state = 'delivered', channel = 'mail', channels = '{sms,mail}', first_tried_at = now() - interval '1 minute',
         error_text = 'not reached by the way before'
       where error_class = 'sign_in'`,
    );
    await activities().tellShops();
    await activities().tellShops();
    expect(sent).to.deep.equal([shop]);

    await em.execute('delete from shop_told');
    await em.execute(
      `update delivery
       set state = 'delivered', channel = 'sms', channels = '{sms}', first_tried_at = now(), finished_at = now()
       where network_id = ? and kind = 'confirmation_barber'`,
      [network.networkId],
    );
    await activities().tellShops();
    expect(sent).to.deep.equal([shop]);
  });

  async function tellAll(): Promise<void> {
    await activities().tellShops();
    await activities().tellOwners();
  }

  it('that could reach nobody, is sent by the next sweep', async () => {
    const { shop, barber } = await signedOut();
    refused = new Map([
      [shop, 'transient'],
      [barber, 'transient'],
    ]);
    await tellAll();
    expect(sent).to.deep.equal([]);
    refused = new Map();
    await tellAll();
    expect(sent.toSorted()).to.deep.equal([shop, shop, barber].toSorted());
  });

  it('that was opened again in vain, since the account answers and each message is refused, is told by the next sweep', async () => {
    const { network, shop } = await signedOut();
    const em = database.orm.em.fork();
    await reopenSignedOut(em, 'sms', 500);
    await activities().tellShops();
    expect(sent, 'it may work again').to.deep.equal([]);
    const [row] = await em.execute<[{ id: string }]>(`select id from delivery where network_id = ? and error_class = 'sign_in'`, [
      network.networkId,
    ]);
    await endDelivery(em, network.networkId, row.id, { state: 'parked', errorClass: 'sign_in', errorText: 'SMS failed: 21606' });

    await reopenSignedOut(em, 'sms', 500);
    await activities().tellShops();
    await activities().tellShops();
    expect(sent).to.deep.equal([shop]);
  });

  it('that proved false before, lets one message go alone, and the rest when that has gone', async () => {
    const networks = [await signedOut(), await signedOut(), await signedOut()].map(({ network }) => network.networkId);
    const em = database.orm.em.fork();
    const end = async (outcome: Parameters<typeof endDelivery>[3]) => {
      for (const { id, network_id } of await em.execute<{ id: string; network_id: string }[]>(
        `select id, network_id from delivery where state = 'due' and channel = 'sms'`,
      ))
        await endDelivery(em, network_id, id, outcome);
    };
    const refusal = { state: 'parked', errorClass: 'sign_in', errorText: 'SMS failed: 21606' } as const;
    expect(await reopenSignedOut(em, 'sms', 500)).to.equal(networks.length);
    await end(refusal);
    for (let times = 0; times < 2; times += 1) {
      expect(await reopenSignedOut(em, 'sms', 500)).to.equal(1);
      await end(refusal);
    }
    expect(await reopenSignedOut(em, 'sms', 500)).to.equal(1);
    await end({ state: 'delivered', providerId: 'SM1' });
    expect(await reopenSignedOut(em, 'sms', 500)).to.equal(networks.length - 1);
  });
});
