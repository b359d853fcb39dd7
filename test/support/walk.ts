/** Random clients of one network: each step asks something of the API that a customer, the desk or a barber could ask. */
import { randomUUID } from 'node:crypto';
import { customer } from './booking.ts';
import { send, type Answer } from './engine.ts';
import type { TestNetwork } from './network.ts';

export type Random = () => number;

/** What a walk works with: APIs to choose from, services with and without approval, and all appointments that anybody has made. */
export type Walk = {
  urls: string[];
  network: TestNetwork;
  approvedServiceId: string;
  appointments: string[];
  holds: { id: string; token: string }[];
  random: Random;
};

type Step = (walk: Walk) => Promise<Answer | null>;

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
const half = 30 * 60_000;

function post({ urls, network, random }: Walk, path: string, body: unknown = {}): Promise<Answer> {
  const headers = { 'idempotency-key': randomUUID() };
  const call = () => send(pick(random, urls), network.apiKey, 'POST', path, body, headers);
  // Now and then the answer is lost, and the caller asks again at once.
  return random() < 0.1
    ? Promise.all([call(), call()]).then(([first, second]) =>
        first.status === 409 && first.body.code === 'request_running' ? second : first,
      )
    : call();
}

/** A time on the half hour: now and then just past, else within the next hours, so that visits can begin. */
function someTime(random: Random): number {
  const now = Math.floor(Date.now() / half) * half;
  return now + (random() < 0.25 ? 0 : Math.floor(random() * 14) + 1) * half;
}

function wanted({ network, approvedServiceId, random }: Walk): Record<string, unknown> {
  const startsAt = someTime(random);
  return {
    shopId: network.shopId,
    serviceId: random() < 0.25 ? approvedServiceId : network.serviceId,
    startsAt: new Date(startsAt).toISOString(),
    ...(random() < 0.5 && { barberId: pick(random, network.barberIds) }),
  };
}

const asStaff = { staff: { reason: 'goodwill', waive: ['too_soon', 'off_step'] } };

async function book(walk: Walk): Promise<Answer> {
  const answer = await post(walk, '/v1/appointments', { ...wanted(walk), customer: customer(), ...(walk.random() < 0.4 && asStaff) });
  if (answer.body.id) walk.appointments.push(answer.body.id);
  return answer;
}

async function hold(walk: Walk): Promise<Answer> {
  const answer = await post(walk, '/v1/holds', wanted(walk));
  if (answer.status === 201) walk.holds.push({ id: answer.body.id, token: answer.body.token });
  if (answer.body.id) walk.appointments.push(answer.body.id);
  return answer;
}

async function endHold(walk: Walk): Promise<Answer | null> {
  const { random, holds } = walk;
  if (holds.length === 0) return null;
  const { id, token } = pick(random, holds);
  return random() < 0.7
    ? post(walk, `/v1/holds/${id}/confirm`, { token, customer: customer() })
    : post(walk, `/v1/holds/${id}/release`, { token });
}

async function walkIn(walk: Walk): Promise<Answer> {
  const answer = await post(walk, '/v1/walk-ins', { shopId: walk.network.shopId, serviceId: walk.network.serviceId });
  if (answer.body.id) walk.appointments.push(answer.body.id);
  return answer;
}

/** Something is done with an appointment that exists, whatever its state: most of it will be refused. */
async function change(walk: Walk): Promise<Answer | null> {
  const { random, appointments, network } = walk;
  if (appointments.length === 0) return null;
  const id = pick(random, appointments.slice(-25));
  const at = (action: string) => `/v1/appointments/${id}/${action}`;
  const action = pick(random, [
    'cancel',
    'cancel',
    'reschedule',
    'reschedule',
    'reschedule',
    'check-in',
    'check-in',
    'start',
    'complete',
    'no-show',
    'approve',
    'approve',
    'refuse',
    'confirm-attendance',
  ] as const);
  if (action === 'cancel') return post(walk, at(action), random() < 0.3 ? { staff: { reason: 'mistake' } } : { reason: 'customer_asked' });
  if (action !== 'reschedule') return post(walk, at(action), undefined);
  return post(walk, at(action), {
    startsAt: new Date(someTime(random)).toISOString(),
    ...(random() < 0.3 ? { anyBarber: true } : random() < 0.3 ? { barberId: pick(random, network.barberIds) } : {}),
    ...(random() < 0.3 && asStaff),
  });
}

const steps: Step[] = [book, book, hold, endHold, walkIn, change, change, change, change, change, change];

/** Walks so many steps; answers all that was answered. */
export async function walkOn(walk: Walk, count: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let step = 0; step < count; step += 1) {
    const answer = await pick(walk.random, steps)(walk);
    if (answer) answers.push(answer);
  }
  return answers;
}
