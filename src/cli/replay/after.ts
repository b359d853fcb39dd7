/** The second phase: what becomes of the bookings. Cancels, moves and no-shows, those of one booking strictly one after the other. */
import { toMove, toPastBody, type Row } from './rows.ts';
import { post, type Answer, type Sent, type Shown, type Target, type Told } from './send.ts';

export type AfterInput = {
  target: Target;
  /** The booked appointments' ids, by the rows' keys. */
  booked: Map<string, string>;
  zoneOf: (shopId: string) => string;
  /** Past visits count back from here (epoch milliseconds). */
  now: number;
};

/** Sends a row once the earlier rows of its booking are answered: a row says what is wanted of what the earlier ones left. */
export function createAfter({ target, booked, zoneOf, now }: AfterInput): (row: Row) => Promise<Sent> {
  const earlier = new Map<string, Promise<unknown>>();

  async function ask(row: Row): Promise<Told> {
    if (row.action === 'no_show') return markNoShow(row);
    const id = booked.get(row.of);
    if (id === undefined) return impossible();
    const path = `/v1/appointments/${id}/${row.action}`;
    return post(target, path, row.key, row.action === 'cancel' ? { reason: 'customer_asked' } : toMove(row, target.from));
  }

  /** The visit is written down, then that nobody came. */
  async function markNoShow(row: Row): Promise<Told> {
    const booking = await post(target, '/v1/appointments', row.key, toPastBody(row, zoneOf(row.shopId), now));
    if (booking.answer.kind !== 'done') return booking;
    const marked = await post(target, `/v1/appointments/${booking.answer.appointmentId}/no-show`, row.key, {});
    return {
      ...marked,
      retries: booking.retries + marked.retries,
      serverErrors: booking.serverErrors + marked.serverErrors,
      wasPending: booking.wasPending,
    };
  }

  return async (row) => {
    const story = row.of || row.key;
    // Nothing here rejects: what goes wrong is an answer. Rows are begun in their order, so an earlier one never waits for a later one.
    const told = (earlier.get(story) ?? Promise.resolve()).then(() => ask(row));
    earlier.set(story, told);
    return { row, ...(await told) };
  };
}

const impossible = (): Told => ({
  answer: { kind: 'impossible' },
  firstTryMs: null,
  retries: 0,
  serverErrors: 0,
  wasPending: false,
  answeredAt: Date.now(),
});

/** Where each appointment stands by the answers alone: the one of the highest version, since a repeat gets an old answer again. */
export function lastAnswers(sent: { answer: Answer }[]): Shown[] {
  const last = new Map<string, Shown>();
  for (const { answer } of sent) {
    if (answer.kind !== 'done') continue;
    const { kind: _, ...shown } = answer;
    const known = last.get(shown.appointmentId);
    if (!known || known.version < shown.version) last.set(shown.appointmentId, shown);
  }
  return [...last.values()];
}
