/** Random hands on a shop's visits: customers who book, hold and move, and the desk that approves, refuses and cancels. */
import { randomUUID } from 'node:crypto';
import type { EntityManager } from '../../src/db/orm.ts';
import { customer } from './booking.ts';
import type { Answer } from './engine.ts';
import type { TestNetwork } from './network.ts';

export type DeskWalk = {
  call: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
  network: TestNetwork;
  approvedServiceId: string;
  random: () => number;
  visits: string[];
  /** What was done, for whoever must find out how it came about. */
  story: string[];
};

type Step = (walk: DeskWalk) => Promise<Answer | void>;

export const pick = <T>(random: () => number, from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
export const newKey = (): Record<string, string> => ({ 'idempotency-key': randomUUID() });

/** On the half hour, in daytime, the day after tomorrow or one of the next two. */
export const someTime = ({ network, random }: Pick<DeskWalk, 'network' | 'random'>): string =>
  network.at(`${String(8 + Math.floor(random() * 12)).padStart(2, '0')}:${pick(random, ['00', '30'])}`, 2 + Math.floor(random() * 3));

export async function post({ call, story }: Pick<DeskWalk, 'call' | 'story'>, path: string, body?: unknown): Promise<Answer> {
  const answer = await call('POST', path, body);
  story.push(`POST ${path} ${JSON.stringify(body ?? {})} ${answer.status} ${answer.body.id ?? answer.body.code ?? ''}`);
  return answer;
}

export const book: Step = async (walk) => {
  const {
    network: { shopId, serviceId, barberIds },
    approvedServiceId,
    random,
  } = walk;
  const by = (id: string) => ({ serviceId: id, barberId: pick(random, barberIds) });
  const what =
    random() < 0.25 ? { services: [by(serviceId), by(serviceId)], sameBarber: false } : by(random() < 0.3 ? approvedServiceId : serviceId);
  const answer = await post(walk, '/v1/appointments', { shopId, startsAt: someTime(walk), customer: customer(), ...what });
  if (answer.status === 201) walk.visits.push(answer.body.id);
  return answer;
};

export const hold: Step = async (walk) => {
  const {
    network: { shopId, serviceId, barberIds },
    random,
  } = walk;
  const held = await post(walk, '/v1/holds', { shopId, serviceId, barberId: pick(random, barberIds), startsAt: someTime(walk) });
  if (held.status !== 201 || random() < 0.3) return held;
  walk.visits.push(held.body.id);
  return post(walk, `/v1/holds/${held.body.id}/confirm`, { token: held.body.token, customer: customer() });
};

export const change: Step = async (walk) => {
  const { random, visits, network } = walk;
  if (visits.length === 0) return;
  const at = `/v1/appointments/${pick(random, visits)}`;
  const action = pick(random, ['reschedule', 'reschedule', 'reschedule', 'cancel', 'approve', 'refuse', 'check-in'] as const);
  if (action === 'cancel') return post(walk, `${at}/cancel`, { reason: 'customer_asked' });
  if (action !== 'reschedule') return post(walk, `${at}/${action}`);
  const whom = random() < 0.4 ? { barberId: pick(random, network.barberIds) } : random() < 0.5 ? { anyBarber: true } : {};
  return post(walk, `${at}/reschedule`, { startsAt: someTime(walk), ...whom });
};

/** Another service like the network's own, which the shop must agree to. @returns its id. */
export async function addApprovedService(em: EntityManager, networkId: string): Promise<string> {
  const [row] = await em.execute<{ id: string }[]>(
    `insert into service (id, network_id, name, duration_minutes, segments, price_cents, currency, settings, version)
     select gen_random_uuid(), network_id, 'Coloração', duration_minutes, segments, price_cents, currency,
       '{"approvalRequired": true}', 1
     from service
     where network_id = ?
     returning id`,
    [networkId],
  );
  return row!.id;
}
