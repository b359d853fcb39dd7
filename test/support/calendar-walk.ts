/** Random hands on barbers' calendars: customers and the desk, the barbers in their own programs, and whoever connects what to what. */
import { randomUUID } from 'node:crypto';
import type { CalendarProvider } from '../../src/domain/channel.ts';
import { customer } from './booking.ts';
import type { Side } from './calendar-sides.ts';
import type { Answer } from './engine.ts';
import type { TestNetwork } from './network.ts';

export type Entered = { name: string; start: string; end: string };

/** A calendar, whose it may be, and what its owner has entered there. */
export type Room = { provider: CalendarProvider; side: Side; barbers: number[]; entered: Entered[]; wasTaken: boolean };

export type CalendarWalk = {
  call: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
  network: TestNetwork;
  approvedServiceId: string;
  rooms: Room[];
  random: () => number;
  /** Does something while no line breaks: what a person would simply do again. */
  calmly: (doing: () => Promise<void>) => Promise<void>;
  visits: string[];
  /** What was done, for whoever must find out how it came about. */
  story: string[];
};

type Step = (walk: CalendarWalk) => Promise<Answer | void>;

const pick = <T>(random: () => number, from: readonly T[]): T => from[Math.floor(random() * from.length)]!;

/** On the half hour, in daytime, the day after tomorrow or one of the next two. */
const someTime = ({ network, random }: CalendarWalk): string => network.at(`${String(8 + Math.floor(random() * 12)).padStart(2, '0')}:${pick(random, ['00', '30'])}`, 2 + Math.floor(random() * 3));
const someWishes = (random: () => number) => ({ privacy: pick(random, ['busy', 'service', 'full']), writes: random() < 0.75, reads: random() < 0.75 });
async function post({ call, story }: CalendarWalk, path: string, body?: unknown): Promise<Answer> {
  const answer = await call('POST', path, body);
  story.push(`POST ${path} ${JSON.stringify(body ?? {})} ${answer.status} ${answer.body.id ?? answer.body.code ?? ''}`);
  return answer;
}

const book: Step = async (walk) => {
  const { network: { shopId, serviceId, barberIds }, approvedServiceId, random } = walk;
  const by = (id: string) => ({ serviceId: id, barberId: pick(random, barberIds) });
  const what = random() < 0.25 ? { services: [by(serviceId), by(serviceId)], sameBarber: false } : by(random() < 0.3 ? approvedServiceId : serviceId);
  const answer = await post(walk, '/v1/appointments', { shopId, startsAt: someTime(walk), customer: customer(), ...what });
  if (answer.status === 201) walk.visits.push(answer.body.id);
  return answer;
};

const hold: Step = async (walk) => {
  const { network: { shopId, serviceId, barberIds }, random } = walk;
  const held = await post(walk, '/v1/holds', { shopId, serviceId, barberId: pick(random, barberIds), startsAt: someTime(walk) });
  if (held.status !== 201 || random() < 0.3) return held;
  walk.visits.push(held.body.id);
  return post(walk, `/v1/holds/${held.body.id}/confirm`, { token: held.body.token, customer: customer() });
};

const change: Step = async (walk) => {
  const { random, visits, network } = walk;
  if (visits.length === 0) return;
  const at = `/v1/appointments/${pick(random, visits)}`;
  const action = pick(random, ['reschedule', 'reschedule', 'reschedule', 'cancel', 'approve', 'refuse', 'check-in'] as const);
  if (action === 'cancel') return post(walk, `${at}/cancel`, { reason: 'customer_asked' });
  if (action !== 'reschedule') return post(walk, `${at}/${action}`);
  const whom = random() < 0.4 ? { barberId: pick(random, network.barberIds) } : random() < 0.5 ? { anyBarber: true } : {};
  return post(walk, `${at}/reschedule`, { startsAt: someTime(walk), ...whom });
};

/** Its owner signs in, whatever he has taken away. */
export const connect = ({ call, network, calmly, story }: CalendarWalk, room: Room, barber: number, wishes: Record<string, unknown> = {}): Promise<void> => calmly(async () => {
  room.side.giveAccess();
  story.push(`${room.provider} of ${room.barbers.join()}, connected by ${network.barberIds[barber]} ${JSON.stringify(wishes)}`);
  await room.side.connect(call, network.barberIds[barber]!, wishes);
});

const connectSome: Step = (walk) => {
  const room = pick(walk.random, walk.rooms);
  return connect(walk, room, pick(walk.random, room.barbers), walk.random() < 0.3 ? someWishes(walk.random) : {});
};

const reconsider: Step = async ({ call, network, random, story }) => {
  const { body: { items } } = await call('GET', `/v1/barbers/${pick(random, network.barberIds)}/calendars`);
  if (items.length === 0) return;
  const { id, version } = pick(random, items as { id: string; version: number }[]);
  const wishes = random() < 0.4 ? null : someWishes(random);
  story.push(`calendar ${id} ${wishes === null ? 'ended' : JSON.stringify(wishes)}`);
  return wishes === null ? call('DELETE', `/v1/calendars/${id}`) : call('PUT', `/v1/calendars/${id}`, wishes, { 'if-match': `"${version}"` });
};

const enter: Step = async (walk) => {
  const { side, entered } = pick(walk.random, walk.rooms);
  const start = new Date(someTime(walk)).toISOString();
  const end = new Date(Date.parse(start) + pick(walk.random, [30, 60, 90]) * 60_000).toISOString();
  entered.push({ name: await side.enter(start, end), start, end });
};

const erase: Step = async ({ random, rooms }) => {
  const { side, entered } = pick(random, rooms);
  const [one] = entered.splice(Math.floor(random() * entered.length), 1);
  if (one) await side.erase(one.name);
};

const displace: Step = async ({ random, rooms, story }) => {
  const { side, provider, barbers } = pick(random, rooms);
  const ours = (await side.shown()).filter(({ uid }) => uid.endsWith('@punctual'));
  if (ours.length === 0) return;
  const [{ uid }, hours] = [pick(random, ours), random() < 0.5 ? null : 2];
  await side.displace(uid, hours);
  story.push(`${uid} at ${provider} of ${barbers.join()}, ${hours === null ? 'deleted' : 'moved'} by its owner`);
};

const takeAccess: Step = async ({ random, rooms, story }) => {
  const room = pick(random, rooms);
  room.side.takeAccess();
  story.push(`access taken from ${room.provider}`);
  // A CalDAV server locks our password out, whichever calendar it is for.
  for (const each of rooms) if (each === room || (room.provider === 'caldav' && each.provider === 'caldav')) each.wasTaken = true;
};

const forget: Step = async ({ random, rooms }) => pick(random, rooms).side.forget();

const steps: Step[] = [book, book, book, hold, change, change, change, change, change, change, connectSome, connectSome, reconsider, reconsider, enter, enter, erase, displace, takeAccess, forget];

/** One step. @returns what was answered, where something was asked. */
export const step = (walk: CalendarWalk): Promise<Answer | void> => pick(walk.random, steps)(walk);

export const newRoom = (provider: CalendarProvider, side: Side, barbers: number[]): Room => ({ provider, side, barbers, entered: [], wasTaken: false });
export const newKey = (): Record<string, string> => ({ 'idempotency-key': randomUUID() });
