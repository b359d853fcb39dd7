/**
 * `npm run bench -- calendars`: whether the calendar writes of a flood of bookings drain at the rate that their provider permits, each
 * event there once, and whether answers stay as fast meanwhile. The sandbox stands for Google, and answers 429 to what is too much in any
 * one second; all calendars are of one account, so that its limit is that of all together.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { calendarMirrorWorkflowId } from '../../workflows/messages.ts';
import { saveConnection } from '../db/calendar-connection.ts';
import { Network } from '../db/entities/network.ts';
import { freePorts } from '../dev/ports.ts';
import { startCalendarSandbox, type CalendarSandbox } from '../dev/calendar-sandbox/start.ts';
import { current } from '../dev/calendar-sandbox/state.ts';
import { begin } from './children.ts';
import { measure, measurePaced, type Load } from './load.ts';
import { openStage, type Stage } from './stage.ts';

const backlog = Number(process.env.BENCH_BACKLOG || 1000);
const requests = Number(process.env.BENCH_REQUESTS || 100);
/** While it drains; beside it there are two before and one after. */
const rounds = Number(process.env.BENCH_ROUNDS || 3);
/** Whether the calendars are read, too: each write of ours makes Google tell us that something has changed. */
const reads = process.env.BENCH_READS === '1';
/**
 * Writes, and requests: Google permits 600 a minute for each user (https://developers.google.com/workspace/calendar/api/guides/quota), and
 * a write is two, a look and the writing. The sandbox is stricter: it counts each second.
 */
const writesPerSecond = Number(process.env.GOOGLE_PER_SECOND || 5);
const permitted = Number(process.env.BENCH_PERMITTED || 10);
/** As many as the machine can answer; and as they come. */
const [clients, pace] = [4, 5];
const ways = { crowded: `${clients} clients at once`, paced: `${pace} a second` } as const;

/** Measures in `folder`, which must be empty and the caller's to remove. */
export async function benchCalendars(folder: string): Promise<void> {
  const [port = 0] = await freePorts(1);
  const sandbox = await startCalendarSandbox({ port: 0 });
  const stage = await openStage(folder, {
    CALENDAR_KEYS: `bench:${'7'.repeat(64)}`,
    GOOGLE_CLIENT_ID: sandbox.clientId,
    GOOGLE_CLIENT_SECRET: sandbox.clientSecret,
    GOOGLE_PER_SECOND: String(writesPerSecond),
    CALENDAR_SANDBOX_URL: sandbox.url,
    LOG_LEVEL: 'error',
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    // What mails cost, `effects` tells.
    MAIL_PER_SECOND: '1',
  }).catch(async (error: unknown) => {
    await sandbox.stop();
    throw error;
  });
  try {
    await stage.deps.orm.em.fork().nativeUpdate(Network, { id: stage.networkId }, { settings: { reminderLeadMinutes: [] } });
    await begin('programs.ts', ['effects'], stage.env);
    const { connected, others } = await connectHalf(stage, sandbox);
    sandbox.settings.requestsPerSecond = permitted;
    await drain(stage, sandbox, await stage.bookerOf(connected), await stage.bookerOf(others));
  } finally {
    await stage.close();
    await sandbox.stop();
  }
}

/**
 * Every other barber gets a calendar of the same account; the bookings that are measured are the others', so that it can be said how many
 * events there must be.
 */
async function connectHalf({ deps, networkId }: Stage, sandbox: CalendarSandbox): Promise<{ connected: Set<string>; others: Set<string> }> {
  const barbers = await deps.orm.em.fork().execute<{ id: string }[]>('select id from barber where network_id = ? order by id', [networkId]);
  const connected = new Set(barbers.filter((_, index) => index % 2 === 0).map(({ id }) => id));
  const { accessToken, refreshToken, ...account } = sandbox.addAccount({ provider: 'google', email: 'bench@example.com' });
  for (const barberId of connected) {
    const { id: calendarId, summary } = sandbox.store.addCalendar(account, 'Visits', 'Europe/Lisbon');
    const given = {
      barberId,
      provider: 'google',
      account: account.email,
      calendarId,
      calendarName: summary,
      privacy: 'full',
      writes: true,
      reads,
    } as const;
    const { id: connectionId } = await saveConnection(
      deps.orm.em.fork(),
      networkId,
      given,
      (id) => deps.calendarAccounts.seal({ accessToken, refreshToken, expiresAt: Date.now() + 3_600_000 }, id),
      new Date(),
    );
    if (!reads) continue;
    await deps.temporal.client.workflow.start('calendarMirror', {
      workflowId: calendarMirrorWorkflowId(connectionId),
      taskQueue: deps.config.temporal.taskQueue,
      args: [{ networkId, connectionId, policy: deps.policy, provider: 'google' }],
    });
  }
  const unread = async () => (await deps.orm.em.fork().execute('select from calendar_connection where reads and synced_at is null')).length;
  while ((await unread()) > 0) await wait(500);
  return { connected, others: new Set(barbers.map(({ id }) => id).filter((id) => !connected.has(id))) };
}

type Way = keyof typeof ways;
type Blocks = Record<Way, Record<'none' | 'draining', Load[]>>;

/** Answers are measured before the backlog, while it drains, and after it: a drift of the machine hits both sides. */
async function drain(stage: Stage, sandbox: CalendarSandbox, book: () => Promise<void>, bookElsewhere: () => Promise<void>): Promise<void> {
  const open = async (): Promise<number> =>
    (
      await stage.deps.orm.em
        .fork()
        .execute<[{ open: number }]>(
          `select count(*)::int as open from delivery where channel = 'google' and state in ('due', 'in_flight')`,
        )
    )[0].open;
  const written = () => sandbox.store.state.calendars.flatMap(({ entries }) => entries).filter((entry) => !current(entry).deleted);
  const asked = (what: string) =>
    [...sandbox.counts].filter(([name]) => name.startsWith(`google ${what}`)).reduce((sum, [, count]) => sum + count, 0);
  const blocks: Blocks = { crowded: { none: [], draining: [] }, paced: { none: [], draining: [] } };
  const take = async (name: 'none' | 'draining') => {
    blocks.crowded[name].push(await measure(clients, requests, bookElsewhere));
    blocks.paced[name].push(await measurePaced(pace, requests, bookElsewhere));
  };
  console.log(
    `\nCalendars: ${backlog} bookings with a calendar at Google, ${writesPerSecond} writes a second; ` +
      `${permitted} requests a second are permitted${reads ? '; the calendars are read, too' : ''}.`,
  );
  await measure(clients, requests, bookElsewhere);
  for (let before = 0; before < 2; before += 1) await take('none');
  const askedBefore = asked('events.');
  await measure(10, backlog, book);
  console.log(`  ${await open()} waited when all were booked`);
  for (let round = 0; round < rounds; round += 1) {
    await take('draining');
    const left = await open();
    console.log(`  round ${round + 1}: ${left} waited when answers had been measured`);
    if (left === 0) throw new Error('the backlog was gone before the answers were measured: make it larger (BENCH_BACKLOG)');
  }
  while ((await open()) > 0) await wait(100);
  const times = written()
    .map((entry) => entry.versions[0]!.at)
    .toSorted((a, b) => a - b);
  const seconds = (times.at(-1)! - times[0]!) / 1000;
  const made = asked('events.') - askedBefore;
  await take('none');
  report({ rate: (times.length - 1) / seconds, perSecond: made / seconds, throttled: asked('throttled'), made }, blocks);

  const uids = new Set(written().map((entry) => /[\w.-]+@punctual/.exec(JSON.stringify(current(entry).body))?.[0]));
  console.log(`\n  Google holds ${written().length} events of ${uids.size} visits`);
  if (written().length !== backlog || uids.size !== backlog) throw new Error(`Google should hold ${backlog} events, one of each visit`);
}

function report(google: { rate: number; perSecond: number; throttled: number; made: number }, blocks: Blocks): void {
  const row = (name: string, value: string) => console.log(`  ${name.padEnd(60)} ${value}`);
  // The smaller of the two: what we allow ourselves, and two requests a write of what Google does.
  const most = Math.min(writesPerSecond, permitted / 2);
  console.log('\nDraining');
  row('events a second permitted', most.toFixed(1));
  row('events a second written', google.rate.toFixed(2));
  row('written / permitted', (google.rate / most).toFixed(2));
  row('requests a second / permitted', (google.perSecond / permitted).toFixed(2));
  row('answers of 429', `${google.throttled} of ${google.made}`);
  for (const [way, title] of Object.entries(ways)) {
    const middle = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
    const of = (name: 'none' | 'draining', pick: 'p50' | 'p95') => middle(blocks[way as Way][name].map((load) => load[pick]));
    console.log(`\nAnswer time, ${title}, ms (median of the rounds)`.padEnd(60), '  p50     p95');
    for (const name of ['none', 'draining'] as const)
      console.log(
        `  ${(name === 'none' ? 'no backlog' : 'backlog drains').padEnd(54)} ` +
          `${of(name, 'p50').toFixed(0).padStart(5)}   ${of(name, 'p95').toFixed(0).padStart(5)}`,
      );
    console.log(
      `  ${'draining / none'.padEnd(54)} ` +
        `${(of('draining', 'p50') / of('none', 'p50')).toFixed(2).padStart(5)}   ` +
        (of('draining', 'p95') / of('none', 'p95')).toFixed(2).padStart(5),
    );
  }
}
