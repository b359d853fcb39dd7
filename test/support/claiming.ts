/** Reservations straight on the database, without Temporal: what the activity does, step by step. */
import { randomUUID } from 'node:crypto';
import { changeAppointment } from '../../src/db/change.ts';
import { readBookingFacts, type BookingFacts } from '../../src/db/booking-facts.ts';
import { storeRequest } from '../../src/db/booking-request.ts';
import type { Orm } from '../../src/db/orm.ts';
import { claimSlot, type BookingIds } from '../../src/db/reservation.ts';
import type { Decided } from '../../src/domain/outcome.ts';
import { plainEntry, type Change, type ChangeResult } from '../../src/domain/change.ts';
import { judgeVisit } from '../../src/domain/choice.ts';
import { visitOf } from '../../src/domain/rules.ts';
import { buildNetwork, type TestNetwork } from './network.ts';

const day = 86_400_000;

/** Stores a request of a new customer for the first barber, as the route does, and answers its ids. */
export async function request(
  orm: Orm,
  network: TestNetwork,
  startsAt: string,
  barberId: string | null = network.barberIds[0]!,
): Promise<BookingIds> {
  const { networkId, apiClientId, shopId, serviceId } = network;
  const appointmentId = randomUUID();
  await storeRequest(
    orm.em.fork(),
    {
      id: appointmentId,
      networkId,
      apiClientId,
      fingerprint: 'f',
      shopId,
      serviceId,
      barberId,
      wishes: null,
      startsAt: new Date(startsAt),
      customerTimeZone: network.timeZone,
      entry: 'book',
    },
    { name: 'Rui', email: `${appointmentId}@example.com`, phone: null, timeZone: network.timeZone, locale: 'pt-PT' },
    randomUUID(),
  );
  return { appointmentId, networkId, shopId };
}

export async function facts(
  orm: Orm,
  network: TestNetwork,
  startsAt: string,
  barberId: string | null = network.barberIds[0]!,
): Promise<BookingFacts> {
  const at = Date.parse(startsAt);
  const { networkId, shopId, serviceId } = network;
  const found = await readBookingFacts(orm.em.fork(), {
    networkId,
    shopId,
    visit: visitOf(serviceId, barberId),
    window: { from: at - day, to: at + day },
  });
  if ('missing' in found) throw new Error(`missing ${found.missing}`);
  return found;
}

/** Claims with facts that were read before; throws as `claimSlot` does, or when the facts refuse. */
export async function claim(orm: Orm, ids: BookingIds, known: BookingFacts, startsAt: string, overruleVersion = false): Promise<Decided> {
  const visit = visitOf(known.services[0]!.id, known.candidates.length === 1 ? known.candidates[0]!.barber.barberId : null);
  const { possible, refusal } = judgeVisit(known, visit, Date.parse(startsAt), Date.now());
  const [first] = possible;
  if (!first) throw new Error(`refused: ${refusal.code}`);
  return claimSlot(orm.em.fork(), ids, known, first, { now: new Date(), closeAfterSeconds: 86_400, entry: plainEntry, overruleVersion });
}

/** What a customer's own cancellation asks for. */
export const cancellation: Change = { action: 'cancel', actor: 'test', by: 'customer', source: 'api' };

/** Changes straight on the database, as the activity does. */
export const change = (orm: Orm, ids: { networkId: string; appointmentId: string }, wanted: Change = cancellation): Promise<ChangeResult> =>
  changeAppointment(orm.em.fork(), ids, wanted, { now: () => new Date(), closeAfterSeconds: 86_400 });

/** The independent oracle: pairs of rows of one barber that overlap, by plain comparison of their ends. */
export async function countOverlaps(orm: Orm, networkId: string): Promise<number> {
  const [row] = await orm.em.fork().execute<{ count: number }[]>(
    `select count(*)::int as count from occupancy a join occupancy b on a.barber_id = b.barber_id and a.id < b.id
       and lower(a.during) < upper(b.during) and lower(b.during) < upper(a.during) where a.network_id = ?`,
    [networkId],
  );
  return row!.count;
}

export async function count(orm: Orm, table: string, where: string, values: unknown[]): Promise<number> {
  const [row] = await orm.em.fork().execute<{ count: number }[]>(`select count(*)::int as count from ${table} where ${where}`, values);
  return row!.count;
}

/** A network with a visit in three days, and the delivery that confirms it to the customer. */
export async function confirmed(orm: Orm): Promise<{ network: TestNetwork; ids: BookingIds; deliveryId: string }> {
  const network = await buildNetwork(orm);
  const startsAt = network.at('10:00', 3);
  const ids = await request(orm, network, startsAt);
  const { deliveries } = await claim(orm, ids, await facts(orm, network, startsAt), startsAt);
  return { network, ids, deliveryId: deliveries.find(({ kind }) => kind === 'confirmation_customer')!.id };
}
