/**
 * `npm run bench -- effects`: what each effect costs in CPU and history events, and whether answers stay as fast while a backlog of them drains.
 * The backlog is made by bookings whose effects nobody polls; answer times are ratios within one run.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { Network } from '../db/entities/network.ts';
import { freePorts } from '../dev/ports.ts';
import { startTwilioSandbox } from '../dev/twilio.ts';
import { appointmentWorkflowId } from '../../workflows/messages.ts';
import { begin } from './children.ts';
import { cpuOf } from './cpu.ts';
import { measure, type Load } from './load.ts';
import { openStage, type Stage } from './stage.ts';

const backlog = Number(process.env.BENCH_BACKLOG || 10_000);
const requests = Number(process.env.BENCH_REQUESTS || 200);
const smsCount = Number(process.env.BENCH_SMS || 400);
const clients = 4;

const open = async ({ deps }: Stage): Promise<number> =>
  (await deps.orm.em.fork().execute<[{ open: number }]>(`select count(*)::int as open from delivery where state in ('due', 'in_flight') and kind not like 'reminder%'`))[0].open;

/** Measures in `folder`, which must be empty and the caller's to remove. */
export async function benchEffects(folder: string): Promise<void> {
  const [port = 0] = await freePorts(1);
  const twilio = await startTwilioSandbox({ port, inboundUrl: null, runDir: folder, log: () => {} });
  const stage = await openStage(folder, { TWILIO_ACCOUNT_SID: twilio.accountSid, TWILIO_AUTH_TOKEN: twilio.authToken, TWILIO_FROM: twilio.from, TWILIO_API_URL: twilio.url });
  const { deps, networkId, book, shared, env } = stage;
  try {
    const rules = (settings: object) => deps.orm.em.fork().nativeUpdate(Network, { id: networkId }, { settings: { reminderLeadMinutes: [], ...settings } });
    await rules({});
    console.log(`\nMaking a backlog of ${backlog} mails …`);
    await measure(10, backlog / 2, book);

    const paused = await measure(clients, requests, book);
    const waiting = await open(stage);
    const effects = await begin('programs.ts', ['effects'], env);
    const roots = { effects: effects.child.pid!, worker: stage.workerPid, ...shared };
    const before = cpuOf(roots);
    const began = performance.now();
    // Bookings go on while it drains; each adds two mails.
    const during: Load[] = [];
    while ((await open(stage)) > waiting / 3) during.push(await measure(clients, requests, book));
    const rush = during.map(({ p50 }) => p50);
    while ((await open(stage)) > 0) await wait(250);
    const seconds = (performance.now() - began) / 1000;
    const mails = waiting + during.length * requests * 2;
    const spent = cpuOf(roots);
    const after = await measure(clients, requests, book);
    console.log(`  drained ${mails} mails in ${seconds.toFixed(0)} s (${(mails / seconds).toFixed(1)} a second), with ${during.length * requests} bookings meanwhile`);
    console.log(`  CPU of effects' worker, per mail: ${((spent.effects! - before.effects!) / mails).toFixed(1)} ms`);
    const line = (name: string, { p50, p99 }: Load) => console.log(`  ${name.padEnd(44)}p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, ratio of p50 ${(p50 / paused.p50).toFixed(2)}`);
    console.log(`\nAnswer time with ${clients} clients:`);
    line('backlog waits, nobody polls it', paused);
    line('backlog drains (median of its stretches)', { ...during[0]!, p50: rush.toSorted((a, b) => a - b)[Math.floor(rush.length / 2)]!, p99: Math.max(...during.map(({ p99 }) => p99)) });
    line('backlog gone, effects keep up', after);

    while ((await open(stage)) > 0) await wait(250);
    await perEffect(stage, roots, 'mail', async () => { await measure(clients, requests, book); }, requests * 2);
    await rules({ messageChannels: ['sms'] });
    await perEffect(stage, roots, 'SMS (and a mail to the barber)', async () => { await measure(clients, smsCount, book); }, smsCount);
  } finally {
    await stage.close();
    await twilio.stop();
  }
}

/** With effects keeping up, the whole of a booking; and how many history events one workflow has for its effects. */
async function perEffect(stage: Stage, roots: Record<string, number>, name: string, work: () => Promise<void>, count: number): Promise<void> {
  const before = cpuOf(roots);
  await work();
  while ((await open(stage)) > 0) await wait(100);
  await wait(1000);
  const after = cpuOf(roots);
  const [last] = await stage.deps.orm.em.fork().execute<[{ id: string }]>(`select id from appointment order by created_at desc limit 1`);
  const { events = [] } = await stage.deps.temporal.client.workflow.getHandle(appointmentWorkflowId(last.id)).fetchHistory();
  const ofEffects = (events ?? []).filter((event) => event.activityTaskScheduledEventAttributes ?? event.activityTaskStartedEventAttributes ?? event.activityTaskCompletedEventAttributes).length;
  console.log(`\n${name}: ${Object.keys(after).map((part) => `${part} ${((after[part]! - before[part]!) / count).toFixed(1)}`).join(', ')} ms of CPU for each, its booking included; ${ofEffects} of ${events!.length} history events are its two effects'.`);
}
