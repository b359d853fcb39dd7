/**
 * Random hands on barbers' calendars: customers and the desk (desk-walk.ts), the barbers in their own programs, and whoever connects what
 * to what.
 */
import type { CalendarProvider } from '../../src/domain/channel.ts';
import type { Side } from './calendar-sides.ts';
import { book, change, hold, pick, someTime, type DeskWalk } from './desk-walk.ts';
import type { Answer } from './engine.ts';

export type Entered = { name: string; start: string; end: string };

/** A calendar, whose it may be, and what its owner has entered there. */
export type Room = { provider: CalendarProvider; side: Side; barbers: number[]; entered: Entered[]; wasTaken: boolean };

export type CalendarWalk = DeskWalk & {
  rooms: Room[];
  /** Does something while no line breaks: what a person would simply do again. */
  calmly: (doing: () => Promise<void>) => Promise<void>;
};

type Step = (walk: CalendarWalk) => Promise<Answer | void>;

const someWishes = (random: () => number) => ({
  privacy: pick(random, ['busy', 'service', 'full']),
  writes: random() < 0.75,
  reads: random() < 0.75,
});

/** Its owner signs in, whatever he has taken away. */
export const connect = (
  { call, network, calmly, story }: CalendarWalk,
  room: Room,
  barber: number,
  wishes: Record<string, unknown> = {},
): Promise<void> =>
  calmly(async () => {
    room.side.giveAccess();
    story.push(`${room.provider} of ${room.barbers.join()}, connected by ${network.barberIds[barber]} ${JSON.stringify(wishes)}`);
    await room.side.connect(call, network.barberIds[barber]!, wishes);
  });

const connectSome: Step = (walk) => {
  const room = pick(walk.random, walk.rooms);
  return connect(walk, room, pick(walk.random, room.barbers), walk.random() < 0.3 ? someWishes(walk.random) : {});
};

const reconsider: Step = async ({ call, network, random, story }) => {
  const {
    body: { items },
  } = await call('GET', `/v1/barbers/${pick(random, network.barberIds)}/calendars`);
  if (items.length === 0) return;
  const { id, version } = pick(random, items as { id: string; version: number }[]);
  const wishes = random() < 0.4 ? null : someWishes(random);
  story.push(`calendar ${id} ${wishes === null ? 'ended' : JSON.stringify(wishes)}`);
  return wishes === null
    ? call('DELETE', `/v1/calendars/${id}`)
    : call('PUT', `/v1/calendars/${id}`, wishes, { 'if-match': `"${version}"` });
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

const steps: Step[] = [
  book,
  book,
  book,
  hold,
  change,
  change,
  change,
  change,
  change,
  change,
  connectSome,
  connectSome,
  reconsider,
  reconsider,
  enter,
  enter,
  erase,
  displace,
  takeAccess,
  forget,
];

/** One step. @returns what was answered, where something was asked. */
export const step = (walk: CalendarWalk): Promise<Answer | void> => pick(walk.random, steps)(walk);

export const newRoom = (provider: CalendarProvider, side: Side, barbers: number[]): Room => ({
  provider,
  side,
  barbers,
  entered: [],
  wasTaken: false,
});
