/** The workflow on the real Temporal server with scripted activities: each path in a second, with the durations as input. */
import { randomUUID } from 'node:crypto';
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';
import { bundleWorkflowCode, NativeConnection, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { fileURLToPath } from 'node:url';
import type { DecidingActivities, EffectActivities } from '../../activities/index.ts';
import type { AppointmentStatus } from '../../src/domain/appointment.ts';
import type { Change, ChangeResult } from '../../src/domain/change.ts';
import type { DeliveryKind, PlannedDelivery } from '../../src/domain/effects.ts';
import type { Decided, Stand } from '../../src/domain/outcome.ts';
import {
  appointmentWorkflowId,
  bookUpdate,
  bookUpdateId,
  changeUpdate,
  defaultPolicy,
  effectsQueue,
  mirrorQueue,
  type AppointmentInput,
  type AppointmentWorkflow,
  type Policy,
  type SendResult,
} from '../../workflows/messages.ts';
import { required } from './database.ts';
import { quiet, quietRuntime } from './quiet.ts';

type Activities = DecidingActivities & EffectActivities;
type Loosely<Name extends keyof Activities> = { [Key in Name]?: (input: Parameters<Activities[Key]>[0]) => Promise<SendResult | void> };

/** What an effect answers need not be said: then it was delivered. */
export type Script = Partial<Omit<Activities, 'sendMessage' | 'settleDelivery'>> & Loosely<'sendMessage' | 'settleDelivery'>;

export type Stage = {
  client: Client;
  bundle: WorkflowBundleWithSourceMap;
  /** Runs workers with these activities around the work; calls are noted as `name id` or `name action`. */
  play: <T>(
    script: Script,
    work: (run: { start: (wishes?: Partial<AppointmentInput>) => Started; calls: string[]; taskQueue: string }) => Promise<T>,
  ) => Promise<T>;
  close: () => Promise<void>;
};

export type Started = { input: AppointmentInput; workflowId: string; outcome: Promise<unknown> };

export const bundlePath = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

export const bundleOf = (path: string): Promise<WorkflowBundleWithSourceMap> =>
  bundleWorkflowCode({ workflowsPath: bundlePath(path), logger: quiet });

export async function openStage(): Promise<Stage> {
  quietRuntime();
  const address = required('TEST_TEMPORAL_ADDRESS');
  const [connection, native, bundle] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
    bundleOf('../../workflows/index.ts'),
  ]);
  const client = new Client({ connection });
  return {
    client,
    bundle,
    play: async (script, work) => {
      const taskQueue = `test-${randomUUID()}`;
      const calls: string[] = [];
      const noted = Object.fromEntries(
        Object.entries(script).map(([name, activity]) => [
          name,
          async (input?: { deliveryId?: string; change?: { action: string } }) => {
            const about = input?.deliveryId ?? input?.change?.action;
            calls.push(about ? `${name} ${about}` : name);
            return (activity as (given: unknown) => unknown)(input);
          },
        ]),
      );
      const deciding = await Worker.create({ connection: native, taskQueue, workflowBundle: bundle, activities: noted });
      const [mails, texts, calendars] = await Promise.all(
        [effectsQueue(taskQueue, 'mail'), effectsQueue(taskQueue, 'sms'), mirrorQueue(taskQueue, 'caldav')].map((queue) =>
          Worker.create({ connection: native, taskQueue: queue, activities: noted }),
        ),
      );
      const start = (wishes: Partial<AppointmentInput> = {}): Started => {
        const input: AppointmentInput = {
          appointmentId: randomUUID(),
          networkId: randomUUID(),
          shopId: randomUUID(),
          serviceId: randomUUID(),
          barberId: null,
          startsAt: new Date(Date.now() + 3_600_000).toISOString(),
          policy: defaultPolicy,
          ...wishes,
        };
        const workflowId = appointmentWorkflowId(input.appointmentId);
        const startWorkflowOperation = new WithStartWorkflowOperation<AppointmentWorkflow>('appointment', {
          workflowId,
          taskQueue,
          args: [input],
          workflowIdConflictPolicy: 'USE_EXISTING',
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
        });
        return {
          input,
          workflowId,
          outcome: client.workflow.executeUpdateWithStart(bookUpdate, { updateId: bookUpdateId, startWorkflowOperation }),
        };
      };
      return deciding.runUntil(mails!.runUntil(texts!.runUntil(calendars!.runUntil(work({ start, calls, taskQueue })))));
    },
    close: async () => {
      await native.close();
      await connection.close();
    },
  };
}

/** Seconds from now as ISO text. */
export const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString();

export const planned = (id: string, kind: DeliveryKind, dueIn = 0, usefulFor = 3600): PlannedDelivery => ({
  id,
  kind,
  dueAt: inSeconds(dueIn),
  usefulUntil: inSeconds(usefulFor),
});

const startsAt = inSeconds(3600);
const barberId = randomUUID();

type Next = {
  status?: AppointmentStatus;
  version?: number;
  wake?: [action: NonNullable<Stand['wake']>['action'], inSeconds: number] | null;
  freed?: boolean;
  barberId?: string;
};

/** Where an appointment stands; without other wishes it is confirmed, and closes in ten minutes. */
export const stand = (
  effects: PlannedDelivery[],
  { status = 'confirmed', version = 1, wake = ['close', 600], freed = false, ...more }: Next = {},
): Stand => ({
  status,
  version,
  barberId,
  startsAt,
  wake: wake && { action: wake[0], at: inSeconds(wake[1]) },
  effects,
  freed,
  ...more,
});

/** A won slot. */
export function booked(effects: PlannedDelivery[], next: Next = {}): Decided {
  const at = stand(effects, next);
  return {
    outcome: {
      ok: true,
      barberId: at.barberId,
      startsAt,
      endsAt: inSeconds(5400),
      status: at.status,
      version: 1,
      shopTimeZone: 'Europe/Lisbon',
      priceCents: 1500,
      currency: 'EUR',
    },
    deliveries: effects,
    toldPending: false,
    stand: at,
  };
}

export const refused = (toldPending = false, deliveries: PlannedDelivery[] = []): Decided => ({
  outcome: { ok: false, code: 'slot_taken', nearest: [] },
  deliveries,
  toldPending,
});

export const changed = (effects: PlannedDelivery[], next: Next = {}): ChangeResult => ({
  ok: true,
  stand: stand(effects, { version: 2, ...next }),
});

export const cancelled = (effects: PlannedDelivery[], version = 2): ChangeResult =>
  changed(effects, { status: 'cancelled', version, wake: null });

export const shortPolicy = (wishes: Partial<Policy>): Policy => ({ ...defaultPolicy, ...wishes });

export const byTheCustomer = { actor: 'test', by: 'customer', source: 'api' } as const;

/** Answers each action with what comes next in its list; the last one stays. */
export const answering =
  (script: Partial<Record<Change['action'], ChangeResult[]>>) =>
  async ({ change }: { change: Change }): Promise<ChangeResult> => {
    const answers = script[change.action]!;
    return answers.length > 1 ? answers.shift()! : answers[0]!;
  };

/** What a test asks of the appointments on its stage, each by its workflow's id. */
export function asking(stage: () => Stage) {
  const handle = (id: string) => stage().client.workflow.getHandle<AppointmentWorkflow>(id);
  const ask = (id: string, change: Change) => handle(id).executeUpdate(changeUpdate, { args: [change] });
  return { handle, ask, cancel: (id: string) => ask(id, { action: 'cancel', ...byTheCustomer }) };
}
