/**
 * Records a history of each path of the appointment workflow into this folder: `npm test -- workflows` replays them. Run it only to add a
 * path, or when a change carries a patch marker: old files stay, since running appointments have such histories.
 *   TEST_TEMPORAL_ADDRESS=127.0.0.1:7233 node test/histories/record.ts <version> [<path> …]
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { ApplicationFailure } from '@temporalio/common';
import { cancelUpdate, retimeUpdate } from '../../workflows/messages.ts';
import { booked, cancelled, inSeconds, openStage, planned, refused, shortPolicy, type Script, type Started } from '../support/scripted.ts';

const version = process.argv[2] ?? 'v1';
const stage = await openStage();
const cancel = async ({ workflowId, outcome }: Started) => {
  await outcome;
  await wait(500);
  await stage.client.workflow.getHandle(workflowId).executeUpdate(cancelUpdate, { args: [{ actor: 'test' }] });
};
const retime = async ({ workflowId, outcome }: Started) => {
  await outcome;
  await wait(500);
  await stage.client.workflow.getHandle(workflowId).executeUpdate(retimeUpdate, { args: [{ actor: 'test' }] });
};

const effects = () => [planned('c', 'confirmation_customer'), planned('b', 'confirmation_barber'), planned('r', 'reminder_customer', 1.5)];
let tries = 0;
const again = (id: string, times: number) => async ({ deliveryId }: { deliveryId: string }) => {
  if (deliveryId === id && (tries += 1) <= times) throw ApplicationFailure.create({ message: 'again', nextRetryDelay: 500 });
};
const paths: Record<string, { script: Script; wishes?: object; after?: (started: Started) => Promise<void> }> = {
  'booked-and-over': { script: { reserveSlot: async () => booked(3, effects()), sendMessage: async () => {} } },
  'booked-with-retries': { script: { reserveSlot: async () => booked(4, effects()), sendMessage: again('c', 2) } },
  'effect-lost': { script: { reserveSlot: async () => booked(2, effects()), sendMessage: async () => { throw ApplicationFailure.nonRetryable('bug'); }, settleDelivery: async () => {} } },
  'lost-race': { script: { reserveSlot: async () => refused() } },
  'refused-after-pending': { script: { reserveSlot: async () => refused(true, [planned('r', 'refusal_customer')]), sendMessage: async () => {}, purgeContact: async () => {} } },
  'undecided': { script: { reserveSlot: async () => { throw new Error('away'); }, refuseUndecided: async () => refused() }, wishes: { policy: shortPolicy({ reserveWithinSeconds: 1 }) } },
  'cancelled-before-reminder': {
    script: { reserveSlot: async () => booked(600, [planned('c', 'confirmation_customer'), planned('r', 'reminder_customer', 300)]), sendMessage: async () => {}, cancelAppointment: async () => cancelled([planned('k', 'cancellation_customer')]) },
    after: cancel,
  },
  'cancelled-by-operator': {
    script: { reserveSlot: async () => booked(600, [planned('r', 'reminder_customer', 300)]), sendMessage: async () => {}, cancelAppointment: async () => cancelled([planned('k', 'cancellation_customer')]) },
    after: async ({ workflowId, outcome }) => {
      await outcome;
      await stage.client.workflow.getHandle(workflowId).cancel();
    },
  },
  'cancelled-while-retrying': {
    script: {
      reserveSlot: async () => booked(600, [planned('c', 'confirmation_customer')]), settleDelivery: async () => {}, cancelAppointment: async () => cancelled([planned('k', 'cancellation_customer')]),
      sendMessage: async ({ deliveryId }) => { if (deliveryId === 'c') throw ApplicationFailure.create({ message: 'again', nextRetryDelay: 60_000 }); },
    },
    after: cancel,
  },
  'retimed': {
    script: {
      reserveSlot: async () => booked(600, [planned('c', 'confirmation_customer'), planned('r', 'reminder_customer', 300)]), sendMessage: async () => {},
      retimeAppointment: async () => ({ ok: true, endsAt: inSeconds(3), reminders: [planned('s', 'reminder_customer', 1.5)] }),
    },
    after: retime,
  },
  'retimed-twice-then-cancelled': {
    script: {
      reserveSlot: async () => booked(600, [planned('r', 'reminder_customer', 300)]), sendMessage: async () => {},
      retimeAppointment: async () => ({ ok: true, endsAt: inSeconds(900), reminders: [planned('s', 'reminder_customer', 600)] }),
      cancelAppointment: async () => cancelled([planned('k', 'cancellation_customer')]),
    },
    after: async (started) => {
      await retime(started);
      await retime(started);
      await cancel(started);
    },
  },
  'cancel-refused': { script: { reserveSlot: async () => booked(3, []), cancelAppointment: async () => ({ ok: false, code: 'already_begun' }) }, after: cancel },
};

const asked = process.argv.slice(3);
for (const [name, { script, wishes, after }] of Object.entries(paths).filter(([path]) => asked.length === 0 || asked.includes(path))) {
  tries = 0;
  await stage.play(script, async ({ start }) => {
    const started = start(wishes);
    await started.outcome;
    await after?.(started);
    const handle = stage.client.workflow.getHandle(started.workflowId);
    await handle.result();
    writeFileSync(new URL(`${version}-${name}.json`, import.meta.url), `${JSON.stringify(JSON.parse(historyToJSON(await handle.fetchHistory()).replaceAll(`${process.cwd()}/`, '')))}\n`);
  });
  process.stdout.write(`${version}-${name}\n`);
}
await stage.close();
