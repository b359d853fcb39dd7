/**
 * `npm run bench -- effects`: what each effect costs in CPU and history events, and whether answers stay as fast while a backlog of them
 * drains. The backlog is made by bookings whose effects nobody polls; answer times are ratios within one run.
 */
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { Network } from '../db/entities/network.ts';
import { freePorts } from '../dev/ports.ts';
import { startTwilioSandbox } from '../dev/twilio.ts';
import { appointmentWorkflowId } from '../../workflows/messages.ts';
import { begin } from './children.ts';
import { cpuOf } from './cpu.ts';
import { measure, measurePaced, type Load } from './load.ts';
import { openStage, type Stage } from './stage.ts';

const backlog = Number(process.env.BENCH_BACKLOG || 10_000);
const requests = Number(process.env.BENCH_REQUESTS || 200);
const stretches = Number(process.env.BENCH_ROUNDS || 3);
const clients = 4;
/** Far more than a network of 50 shops ever sees (3,000 a day), and far less than the machine can do. */
const pace = 5;

const open = async ({ deps }: Stage): Promise<number> =>
  (
    await deps.orm.em
      .fork()
      .execute<[{ open: number }]>(
        `select count(*)::int as open from delivery where state in ('due', 'in_flight') and kind not like 'reminder%'`,
      )
  )[0].open;

/** Measures in `folder`, which must be empty and the caller's to remove. */
export async function benchEffects(folder: string): Promise<void> {
  const [port = 0] = await freePorts(1);
  const twilio = await startTwilioSandbox({ port, inboundUrl: null, runDir: folder, log: () => {} });
  const stage = await openStage(folder, {
    TWILIO_ACCOUNT_SID: twilio.accountSid,
    TWILIO_AUTH_TOKEN: twilio.authToken,
    TWILIO_FROM: twilio.from,
    TWILIO_API_URL: twilio.url,
  });
  try {
    await rules(stage, {});
    await measure(10, requests, stage.book);
    const mail = await costOf(stage, 'one mail', requests * 2, {});
    await rules(stage, { messageChannels: ['sms'] });
    await measure(10, requests, stage.book);
    await costOf(stage, 'one SMS', requests, Object.fromEntries(Object.entries(mail).map(([part, ms]) => [part, ms * requests])));
    await rules(stage, {});
    await answersWhileDraining(stage);
  } finally {
    await stage.close();
    await twilio.stop();
  }
}

const rules = ({ deps, networkId }: Stage, settings: object) =>
  deps.orm.em.fork().nativeUpdate(Network, { id: networkId }, { settings: { reminderLeadMinutes: [], ...settings } });

/** Drains what waits as fast as it goes. `others` is what the other effects among them cost, in ms by part. Answers ms of CPU by part. */
async function costOf(stage: Stage, name: string, count: number, others: Record<string, number>): Promise<Record<string, number>> {
  const { child } = await begin('programs.ts', ['effects'], { ...stage.env, MAIL_PER_SECOND: '1000', SMS_PER_SECOND: '1000' });
  const roots = { effects: child.pid!, worker: stage.workerPid, ...stage.shared };
  const before = cpuOf(roots);
  while ((await open(stage)) > 0) await wait(100);
  await wait(1000);
  const after = cpuOf(roots);
  const cost = Object.fromEntries(Object.keys(after).map((part) => [part, (after[part]! - before[part]! - (others[part] ?? 0)) / count]));
  child.disconnect();
  await once(child, 'exit');
  console.log(
    `${name}: ${Object.entries(cost)
      .map(([part, ms]) => `${part} ${ms.toFixed(1)}`)
      .join(', ')}; together ${Object.values(cost)
      .reduce((sum, ms) => sum + ms, 0)
      .toFixed(1)} ms of CPU; ${await eventsOfEffects(stage)}`,
  );
  return cost;
}

/** How many history events one workflow has for its effects. */
async function eventsOfEffects({ deps }: Stage): Promise<string> {
  const [last] = await deps.orm.em.fork().execute<[{ id: string }]>('select id from appointment order by created_at desc limit 1');
  const { events } = await deps.temporal.client.workflow.getHandle(appointmentWorkflowId(last.id)).fetchHistory();
  const ofEffects = (events ?? []).filter(
    (event) =>
      event.activityTaskScheduledEventAttributes ?? event.activityTaskStartedEventAttributes ?? event.activityTaskCompletedEventAttributes,
  ).length;
  return (
    `of the ${events?.length} history events of its booking, ${ofEffects} are those of the two effects, ` +
    'and about 3 each of the workflow tasks that follow them'
  );
}

/** Crowded: as many as the machine can answer, so whatever else it does takes its share. Paced: as they come. */
const ways = { crowded: `${clients} clients at once`, paced: `${pace} a second` } as const;
type Way = keyof typeof ways;

/** The provider's rate is the default one: that is what keeps a flood of effects from taking the machine. */
async function answersWhileDraining(stage: Stage): Promise<void> {
  console.log(`\nMaking a backlog of ${backlog} mails …`);
  await measure(10, backlog / 2, stage.book);
  const measured: Record<Way, Record<'paused' | 'draining', Load[]>> = {
    crowded: { paused: [], draining: [] },
    paced: { paused: [], draining: [] },
  };
  const take = async (name: 'paused' | 'draining') => {
    measured.crowded[name].push(await measure(clients, requests, stage.book));
    measured.paced[name].push(await measurePaced(pace, requests, stage.book));
  };
  for (let round = 0; round < stretches; round += 1) {
    await take('paused');
    const { child } = await begin('programs.ts', ['effects'], stage.env);
    // Warm by now: what a start costs is not what draining costs.
    await wait(5000);
    const [waiting, began] = [await open(stage), performance.now()];
    await take('draining');
    const gone = waiting + requests * 4 - (await open(stage));
    console.log(
      `  round ${round + 1}: ${waiting} waited, ${(gone / ((performance.now() - began) / 1000)).toFixed(1)} a second went meanwhile`,
    );
    child.disconnect();
    await once(child, 'exit');
  }
  for (const [way, title] of Object.entries(ways)) {
    const median = (name: 'paused' | 'draining', pick: 'p50' | 'p99') =>
      measured[way as Way][name].map((load) => load[pick]).toSorted((a, b) => a - b)[Math.floor(stretches / 2)]!;
    console.log(`\nAnswer time, ${title}, ms (median of the rounds)`.padEnd(60), '  p50     p99');
    for (const name of ['paused', 'draining'] as const)
      console.log(
        `  backlog ${name.padEnd(46)} ${median(name, 'p50').toFixed(0).padStart(5)}   ${median(name, 'p99').toFixed(0).padStart(5)}`,
      );
    console.log(
      '  draining / paused                                      ' +
        `${(median('draining', 'p50') / median('paused', 'p50')).toFixed(2).padStart(5)}   ` +
        (median('draining', 'p99') / median('paused', 'p99')).toFixed(2).padStart(5),
    );
  }
}
