/**
 * Goal: the mails of a visit that several barbers give tell the customer of all of it and each barber of his own share.
 * Method: planned, rendered and sent as the worker does, on real PostgreSQL, and read in a real inbox (maildev, of the test run).
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { createLinks } from '../../src/db/self-service.ts';
import { createMessageActivities } from '../../activities/message.ts';
import { createAddressMarks } from '../../src/db/address-mark.ts';
import { insertDeliveries, readDeliveries } from '../../src/db/delivery.ts';
import { Appointment, AppointmentPart, Contact, Customer } from '../../src/db/entities/appointment.ts';
import { Barber } from '../../src/db/entities/barber.ts';
import { Service } from '../../src/db/entities/network.ts';
import { planCancellation, planConfirmation, type NewDelivery } from '../../src/domain/effects.ts';
import { toWall } from '../../src/domain/time.ts';
import { createMailer, type Mailer } from '../../src/integrations/mail.ts';
import { createMetrics } from '../../src/metrics.ts';
import { defaultPolicy } from '../../workflows/messages.ts';
import { asActivity, rowOf } from '../support/attempt.ts';
import { createDatabase, required, type TestDatabase } from '../support/database.ts';
import { arrived, attachedTo, source } from '../support/inbox.ts';
import { address } from '../support/mail.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';

describe('mail, of a visit that two barbers give', () => {
  let database: TestDatabase;
  let mailer: Mailer;
  let network: TestNetwork;
  let appointmentId: string;
  let day: string;
  const endsAt = () => Date.parse(network.at('11:15', 3));

  before(async () => {
    database = await createDatabase();
    mailer = createMailer({ smtpUrl: required('TEST_SMTP_URL') });
  });
  after(async () => {
    mailer?.close();
    await database?.drop();
  });

  /** Cut and wash by the first barber, the beard between them by the second; both read the shop's mail. */
  beforeEach(async () => {
    network = await buildNetwork(database.orm, { barbers: 2 });
    appointmentId = randomUUID();
    const {
      networkId,
      shopId,
      serviceId,
      apiClientId,
      barberIds: [first = '', second = ''],
      timeZone,
      at,
    } = network;
    day = new Intl.DateTimeFormat('pt-PT', { dateStyle: 'full', timeZone }).format(new Date(at('10:00', 3)));
    const em = database.orm.em.fork();
    const [beard, wash, customerId] = [randomUUID(), randomUUID(), randomUUID()];
    for (const [id, name, minutes] of [
      [beard, 'Barba', 30],
      [wash, 'Lavagem', 15],
    ] as const)
      await em.insert(Service, {
        id,
        networkId,
        name,
        durationMinutes: minutes,
        segments: [{ kind: 'busy', minutes }],
        priceCents: 1000,
        currency: 'EUR',
        settings: {},
        archivedAt: null,
        version: 1,
      });
    await em.nativeUpdate(Barber, { networkId }, { email: 'loja@barbers.example' });
    await em.insert(Customer, { id: customerId, networkId, createdAt: new Date() });
    await em.insert(Contact, {
      id: appointmentId,
      networkId,
      customerId,
      name: 'Rui',
      email: address,
      phone: null,
      timeZone,
      locale: 'pt-PT',
      createdAt: new Date(),
    });
    await em.insert(Appointment, {
      id: appointmentId,
      networkId,
      shopId,
      serviceId,
      barberId: first,
      customerId,
      apiClientId,
      status: 'confirmed',
      startsAt: new Date(at('10:00', 3)),
      endsAt: new Date(endsAt()),
      shopTimeZone: timeZone,
      customerTimeZone: timeZone,
      promisedStart: `${toWall(Date.parse(at('10:00', 3)), timeZone).date}T10:00`,
      promisedOffsetMinutes: 0,
      priceCents: 3450,
      currency: 'EUR',
      createdAt: new Date(),
      version: 1,
      entry: 'book',
      policy: {},
      cancelledLate: false,
    });
    const parts = [
      [serviceId, first, '10:00', '10:30', 1500],
      [beard, second, '10:30', '11:00', 1200],
      [wash, first, '11:00', '11:15', 750],
    ] as const;
    // Written backwards: it is the position that orders them.
    await em.insertMany(
      AppointmentPart,
      parts
        .map(([service, barberId, from, to, priceCents], position) => ({
          id: randomUUID(),
          networkId,
          appointmentId,
          position,
          serviceId: service,
          barberId,
          startsAt: new Date(at(from, 3)),
          endsAt: new Date(at(to, 3)),
          priceCents,
          segments: [],
          chosen: { rule: 'asked' as const },
        }))
        .reverse(),
    );
  });

  /** Sends them all, and answers what arrived, in their order. */
  async function send(version: number, effects: NewDelivery[]) {
    const em = database.orm.em.fork();
    await insertDeliveries(em, rowOf(network.networkId, appointmentId, version), effects, new Date());
    await em.flush();
    const open = await readDeliveries(em, network.networkId, appointmentId);
    const planned = effects.map(({ kind, barberId }) => open.find((each) => each.kind === kind && each.barberId === barberId)!);
    const activities = createMessageActivities({
      log: { warn: () => {}, info: () => {} },
      texter: null,
      marks: createAddressMarks(database.orm, 'a secret of the tests, long enough for anybody'),
      orm: database.orm,
      mailer,
      links: createLinks({ linkSecret: 'a secret of the tests, long enough for anybody', publicUrl: 'https://bookings.example' }),
      mailFrom: 'bookings@punctual.example',
      metrics: createMetrics(async () => 0),
      now: () => new Date(),
    });
    const found = [];
    for (const { id } of planned) {
      await asActivity(() => activities.sendMessage({ networkId: network.networkId, deliveryId: id, policy: defaultPolicy }));
      const mail = await arrived(`<${id}@punctual>`);
      const event = attachedTo(await source(mail.id))
        .replaceAll('\r\n ', '')
        .split('\r\n');
      const value = (name: string) => event.findLast((line) => line.startsWith(name))?.replace(/^[^:]*:/, '');
      found.push({
        kind: mail.headers['x-punctual-kind'],
        to: mail.to[0]!.address,
        subject: mail.subject,
        text: mail.text,
        value,
        times: ['DTSTART', 'DTEND'].map((name) => value(name)?.slice(-6)),
      });
    }
    return found;
  }

  const confirm = () =>
    send(
      1,
      planConfirmation(Date.parse(network.at('10:00', 3)), () => [], Date.now(), network.barberIds),
    );
  const line = (times: string) => `- ${day}, ${times} (Europe/Lisbon, UTC${toWall(endsAt(), 'Europe/Lisbon').iso.slice(-6)}): `;

  it('the confirmation to the customer, sent, tells of the whole visit', async () => {
    const [toCustomer] = await confirm();

    expect(toCustomer).to.include({ kind: 'confirmation_customer', to: address });
    expect(toCustomer!.text)
      .to.include(
        `\nServiços:\n${line('10:00–10:30')}Corte, Barber 1\n` +
          `${line('10:30–11:00')}Barba, Barber 2\n${line('11:00–11:15')}Lavagem, Barber 1\nOnde: `,
      )
      .and.include('\nPreço: 34,50\u00a0€\n');
    expect(toCustomer!.times).to.deep.equal(['100000', '111500']);
    expect(toCustomer!.value('SUMMARY')).to.equal('Corte + Barba + Lavagem\\, Barbearia Ação');
  });

  it('the confirmation to each barber, sent, tells of his own share from its first start to its last end', async () => {
    const [, toFirst, toSecond] = await confirm();

    for (const mail of [toFirst, toSecond]) expect(mail).to.include({ kind: 'confirmation_barber', to: 'loja@barbers.example' });
    expect(toFirst!.subject).to.match(/^Nova marcação: .*, 10:00 \(Europe\/Lisbon\), Corte \+ Lavagem$/);
    expect(toFirst!.text)
      .to.match(/^Olá Barber 1,\n/)
      .and.include(`\nServiços:\n${line('10:00–10:30')}Corte\n${line('11:00–11:15')}Lavagem\nOnde: `);
    expect(toFirst!.times).to.deep.equal(['100000', '111500']);
    expect(toFirst!.value('SUMMARY')).to.equal('Corte + Lavagem\\, Rui');
    expect(toSecond!.subject).to.match(/^Nova marcação: .*, 10:30 \(Europe\/Lisbon\), Barba$/);
    expect(toSecond!.text)
      .to.match(/^Olá Barber 2,\n/)
      .and.include(`Quando: ${day}, 10:30–11:00 `)
      .and.include('\nServiço: Barba\n');
    expect(toSecond!.times).to.deep.equal(['103000', '110000']);
    expect(toSecond!.value('SUMMARY')).to.equal('Barba\\, Rui');
  });

  it('the events of barbers who share a mailbox, cancelled, are each taken back and never were one', async () => {
    const confirmed = await confirm();
    await database.orm.em.fork().nativeUpdate(Appointment, { id: appointmentId }, { status: 'cancelled' });
    const cancelled = await send(2, planCancellation(endsAt(), Date.now(), network.barberIds));

    const uids = confirmed.map(({ value }) => value('UID'));
    expect(uids[0]).to.equal(`${appointmentId}@punctual`);
    expect(new Set(uids).size).to.equal(3);
    expect(cancelled.map(({ value }) => value('UID'))).to.deep.equal(uids);
    expect(cancelled.map(({ value }) => [value('METHOD'), value('SEQUENCE')])).to.deep.equal(uids.map(() => ['CANCEL', '2']));
    expect(cancelled.map(({ times }) => times)).to.deep.equal(confirmed.map(({ times }) => times));
  });
});
