/**
 * Records a history of each path of the appointment workflow into this folder: `npm test -- workflows` replays them. Run it only to add a
 * path, or when a change carries a patch marker: old files stay, since running appointments have such histories.
 *   TEST_TEMPORAL_ADDRESS=127.0.0.1:7233 node test/histories/record.ts <version> [<path> …]
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { ApplicationFailure } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import type { Change, ChangeResult } from '../../src/domain/change.ts';
import { visitOf } from '../../src/domain/rules.ts';
import {
  calendarMirrorWorkflowId,
  changeUpdate,
  lookSignal,
  relocationWorkflowId,
  type CalendarMirrorInput,
  type MirrorRead,
  type RelocationWorkflow,
} from '../../workflows/messages.ts';
import {
  booked,
  cancelled,
  changed,
  openStage,
  planned,
  refused,
  shortPolicy,
  stand,
  type Script,
  type Started,
} from '../support/scripted.ts';

const version = process.argv[2] ?? 'v3';
const stage = await openStage();

const who = { actor: 'test', by: 'customer', source: 'api' } as const;
const to = { shopId: randomUUID(), visit: visitOf(randomUUID(), null), startsAt: new Date().toISOString() };
/** Asks for these, one after the other. */
const ask =
  (...actions: Change['action'][]) =>
  async ({ workflowId, outcome }: Started) => {
    await outcome;
    for (const action of actions) {
      await wait(500);
      await stage.client.workflow
        .getHandle(workflowId)
        .executeUpdate(changeUpdate, { args: [{ action, ...who, ...(action === 'reschedule' && { to }) } as Change] });
    }
  };
/** Answers each action with the next of its list. */
const answering =
  (script: Partial<Record<Change['action'], ChangeResult[]>>) =>
  async ({ change }: { change: Change }): Promise<ChangeResult> =>
    script[change.action]!.shift()!;

const effects = () => [planned('c', 'confirmation_customer'), planned('b', 'confirmation_barber'), planned('r', 'reminder_customer', 1.5)];
const told = [planned('k', 'cancellation_customer')];
const sendMessage = async () => {};
let tries = 0;
const again =
  (id: string, times: number) =>
  async ({ deliveryId }: { deliveryId: string }) => {
    if (deliveryId === id && (tries += 1) <= times) throw ApplicationFailure.create({ message: 'again', nextRetryDelay: 500 });
  };
const completed = () => changed([], { status: 'completed', version: 9, wake: null });

type Path = { script: () => Script; wishes?: Partial<Started['input']>; after?: (started: Started) => Promise<void> };
const paths: Record<string, Path> = {
  'booked-and-completed': {
    script: () => ({
      reserveSlot: async () => booked(effects(), { wake: ['complete', 3] }),
      sendMessage,
      changeAppointment: answering({ complete: [completed()] }),
    }),
  },
  'booked-with-retries': {
    script: () => ({ reserveSlot: async () => booked(effects(), { wake: ['close', 4] }), sendMessage: again('c', 2) }),
  },
  'effect-lost': {
    script: () => ({
      reserveSlot: async () => booked(effects(), { wake: ['close', 2] }),
      sendMessage: async () => {
        throw ApplicationFailure.nonRetryable('bug');
      },
      settleDelivery: async () => {},
    }),
  },
  'lost-race': { script: () => ({ reserveSlot: async () => refused() }) },
  'refused-after-pending': {
    script: () => ({
      reserveSlot: async () => refused(true, [planned('r', 'refusal_customer')]),
      sendMessage,
      purgeContact: async () => {},
    }),
  },
  undecided: {
    script: () => ({
      reserveSlot: async () => {
        throw new Error('away');
      },
      refuseUndecided: async () => refused(),
    }),
    wishes: { policy: shortPolicy({ reserveWithinSeconds: 1 }) },
  },
  'cancelled-confirmed': {
    script: () => ({
      reserveSlot: async () => booked([planned('c', 'confirmation_customer'), planned('r', 'reminder_customer', 300)]),
      sendMessage,
      changeAppointment: answering({ cancel: [cancelled(told)] }),
    }),
    after: ask('cancel'),
  },
  'cancelled-by-operator': {
    script: () => ({
      reserveSlot: async () => booked([planned('r', 'reminder_customer', 300)]),
      sendMessage,
      changeAppointment: answering({ cancel: [cancelled(told)] }),
    }),
    after: async ({ workflowId, outcome }) => {
      await outcome;
      await stage.client.workflow.getHandle(workflowId).cancel();
    },
  },
  'cancelled-while-retrying': {
    script: () => ({
      reserveSlot: async () => booked([planned('c', 'confirmation_customer')]),
      settleDelivery: async () => {},
      changeAppointment: answering({ cancel: [cancelled(told)] }),
      sendMessage: async ({ deliveryId }) => {
        if (deliveryId === 'c') throw ApplicationFailure.create({ message: 'again', nextRetryDelay: 60_000 });
      },
    }),
    after: ask('cancel'),
  },
  'cancelled-held': {
    script: () => ({
      reserveSlot: async () => booked([], { status: 'held', wake: ['expire', 300] }),
      changeAppointment: answering({ cancel: [cancelled([])] }),
    }),
    wishes: { entry: { kind: 'hold', by: 'customer' } },
    after: ask('cancel'),
  },
  'cancelled-pending': {
    script: () => ({
      reserveSlot: async () => booked([planned('a', 'approval_customer')], { status: 'pending_approval', wake: ['expire', 300] }),
      sendMessage,
      changeAppointment: answering({ cancel: [cancelled(told)] }),
    }),
    after: ask('cancel'),
  },
  'cancelled-checked-in': {
    script: () => ({
      reserveSlot: async () => booked([]),
      sendMessage,
      changeAppointment: answering({ check_in: [changed([], { status: 'checked_in' })], cancel: [cancelled(told, 3)] }),
    }),
    after: ask('check_in', 'cancel'),
  },
  'cancel-refused': {
    script: () => ({
      reserveSlot: async () => booked([], { wake: ['close', 3] }),
      changeAppointment: answering({ cancel: [{ ok: false, code: 'already_begun', stand: stand([], { wake: ['close', 3] }) }] }),
    }),
    after: ask('cancel'),
  },
  approved: {
    script: () => ({
      reserveSlot: async () => booked([planned('a', 'approval_customer')], { status: 'pending_approval', wake: ['expire', 300] }),
      sendMessage,
      changeAppointment: answering({ approve: [changed(effects(), { wake: ['close', 4] })] }),
    }),
    after: ask('approve'),
  },
  'approval-expired': {
    script: () => ({
      reserveSlot: async () => booked([planned('a', 'approval_customer')], { status: 'pending_approval', wake: ['expire', 2] }),
      sendMessage,
      changeAppointment: answering({ expire: [changed([planned('d', 'declined_customer')], { status: 'expired', wake: null })] }),
    }),
  },
  'rescheduled-twice': {
    script: () => ({
      reserveSlot: async () => booked([planned('r', 'reminder_customer', 300)]),
      sendMessage,
      changeAppointment: answering({
        reschedule: [
          changed([planned('m', 'rescheduled_customer'), planned('s', 'reminder_customer', 200)]),
          changed([planned('n', 'rescheduled_customer'), planned('t', 'reminder_customer', 2)], { version: 3, wake: ['close', 4] }),
        ],
      }),
    }),
    after: ask('reschedule', 'reschedule'),
  },
  retimed: {
    script: () => ({
      reserveSlot: async () => booked([planned('c', 'confirmation_customer'), planned('r', 'reminder_customer', 300)]),
      sendMessage,
      changeAppointment: answering({ retime: [changed([planned('s', 'reminder_customer', 1.5)], { wake: ['close', 3] })] }),
    }),
    after: ask('retime'),
  },
  'no-show-then-came': {
    script: () => ({
      reserveSlot: async () => booked([], { wake: ['mark_no_show', 2] }),
      changeAppointment: answering({
        mark_no_show: [changed([], { status: 'no_show', wake: ['close', 600] })],
        check_in: [changed([], { status: 'checked_in', version: 3, wake: ['complete', 2] })],
        complete: [completed()],
      }),
    }),
    after: async (started) => {
      await wait(2500);
      await ask('check_in')(started);
    },
  },
  'no-show': {
    script: () => ({
      reserveSlot: async () => booked([], { wake: ['mark_no_show', 1] }),
      changeAppointment: answering({ mark_no_show: [changed([], { status: 'no_show', wake: ['close', 2] })] }),
    }),
  },
  visited: {
    script: () => ({
      reserveSlot: async () => booked([]),
      sendMessage,
      changeAppointment: answering({
        confirm_attendance: [changed([])],
        check_in: [changed([], { status: 'checked_in', version: 3 })],
        start: [changed([], { status: 'started', version: 4 })],
        complete: [completed()],
      }),
    }),
    after: ask('confirm_attendance', 'check_in', 'start', 'complete'),
  },
  'hold-expired': {
    script: () => ({
      reserveSlot: async () => booked([], { status: 'held', wake: ['expire', 1] }),
      changeAppointment: answering({ expire: [changed([], { status: 'expired', wake: null })] }),
    }),
    wishes: { entry: { kind: 'hold', by: 'customer' } },
  },
  'hold-confirmed': {
    script: () => ({
      reserveSlot: async () => booked([], { status: 'held', wake: ['expire', 300] }),
      sendMessage,
      changeAppointment: answering({ confirm: [changed(effects(), { wake: ['close', 3] })] }),
    }),
    wishes: { entry: { kind: 'hold', by: 'customer' } },
    after: ask('confirm'),
  },
  'waitlist-offer-expired': {
    script: () => ({
      reserveSlot: async () => booked([planned('o', 'offer_customer')], { status: 'held', wake: ['expire', 1] }),
      sendMessage,
      prepareOffers: async () => [],
      changeAppointment: answering({ expire: [changed([], { status: 'expired', wake: null, freed: true })] }),
    }),
    wishes: { entry: { kind: 'offer', by: 'customer', holdSeconds: 10, waitlistEntryId: randomUUID() } },
  },
  'time-offered': {
    script: () => {
      const offer = {
        appointmentId: randomUUID(),
        networkId: randomUUID(),
        shopId: randomUUID(),
        serviceId: randomUUID(),
        barberId: randomUUID(),
        startsAt: to.startsAt,
        entry: { kind: 'offer', by: 'customer' } as const,
      };
      return {
        reserveSlot: async ({ appointmentId }) =>
          appointmentId === offer.appointmentId ? booked([], { status: 'held', wake: ['expire', 600] }) : booked([]),
        sendMessage,
        prepareOffers: async () => [offer],
        changeAppointment: answering({ cancel: [changed(told, { status: 'cancelled', wake: null, freed: true })] }),
      };
    },
    after: ask('cancel'),
  },
};

/** Without the paths of this machine. */
function store(name: string, history: Parameters<typeof historyToJSON>[0]): void {
  writeFileSync(
    new URL(`${version}-${name}.json`, import.meta.url),
    `${JSON.stringify(JSON.parse(historyToJSON(history).replaceAll(`${process.cwd()}/`, '')))}\n`,
  );
  process.stdout.write(`${version}-${name}\n`);
}

const asked = process.argv.slice(3);
for (const [name, { script, wishes, after }] of Object.entries(paths).filter(([path]) => asked.length === 0 || asked.includes(path))) {
  tries = 0;
  await stage.play(script(), async ({ start }) => {
    const started = start(wishes);
    await started.outcome;
    await after?.(started);
    const handle = stage.client.workflow.getHandle(started.workflowId);
    await handle.result();
    store(name, await handle.fetchHistory());
  });
}
if (asked.length === 0 || asked.includes('relocation')) {
  const answers = ['moved', 'offered'] as const;
  const visits: string[] = [randomUUID(), randomUUID(), randomUUID()];
  const script: Script = {
    listRelocationVisits: async () => visits,
    giveVisitUp: async () => 'stuck',
    finishRelocation: async () => {},
    relocateVisit: async ({ appointmentId }) =>
      answers[visits.indexOf(appointmentId)] ?? Promise.reject(ApplicationFailure.nonRetryable('bug')),
  };
  await stage.play(script, async ({ taskQueue }) => {
    const handle = await stage.client.workflow.start<RelocationWorkflow>('relocation', {
      workflowId: relocationWorkflowId(randomUUID()),
      taskQueue,
      args: [{ networkId: randomUUID(), relocationId: randomUUID(), policy: shortPolicy({}) }],
    });
    await handle.result();
    store('relocation', await handle.fetchHistory());
  });
}
if (asked.length === 0 || asked.includes('calendar')) {
  const input = { networkId: randomUUID(), connectionId: randomUUID(), provider: 'caldav' as const, policy: shortPolicy({}) };
  const look = () => stage.client.workflow.getHandle(calendarMirrorWorkflowId(input.connectionId)).signal(lookSignal);
  // By the clock, told of while waiting and while reading, something repaired, a reading that failed, and the end.
  const reads: (() => Promise<MirrorRead>)[] = [
    async () => ({ isOver: false, againInSeconds: 1, repaired: 0 }),
    async () => ({ isOver: false, againInSeconds: 600, repaired: 1 }),
    async () => look().then(() => ({ isOver: false, againInSeconds: 600, repaired: 0 })),
    async () => {
      throw new Error('away');
    },
    async () => ({ isOver: true, againInSeconds: 0, repaired: 0 }),
  ];
  let count = 0;
  await stage.play(
    { readCalendar: async () => reads[count++]!(), handOver: async () => ({ handed: 1, more: false }) },
    async ({ taskQueue }) => {
      const handle = await stage.client.workflow.start<(given: CalendarMirrorInput) => Promise<void>>('calendarMirror', {
        workflowId: calendarMirrorWorkflowId(input.connectionId),
        taskQueue,
        args: [input],
      });
      const isWaiting = (): boolean => count >= 2;
      while (!isWaiting()) await wait(50);
      await wait(500);
      await look();
      await handle.result();
      store('calendar', await handle.fetchHistory());
    },
  );
}
await stage.close();
