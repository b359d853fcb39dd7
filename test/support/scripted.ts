/** The workflow on the real Temporal server with scripted activities: each path in a second, with the durations as input. */
import { randomUUID } from 'node:crypto';
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';
import { bundleWorkflowCode, NativeConnection, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { fileURLToPath } from 'node:url';
import type { DecidingActivities, EffectActivities } from '../../activities/index.ts';
import type { CancelResult } from '../../src/domain/change.ts';
import type { DeliveryKind, PlannedDelivery } from '../../src/domain/effects.ts';
import type { Decided } from '../../src/domain/outcome.ts';
import { appointmentWorkflowId, bookUpdate, bookUpdateId, defaultPolicy, effectsQueue, type AppointmentInput, type AppointmentWorkflow, type Policy } from '../../workflows/messages.ts';
import { required } from './database.ts';
import { quiet, quietRuntime } from './quiet.ts';

export type Script = Partial<DecidingActivities & EffectActivities>;

export type Stage = {
  client: Client;
  bundle: WorkflowBundleWithSourceMap;
  /** Runs workers with these activities around the work; calls are noted as `name id`. */
  play: <T>(script: Script, work: (run: { start: (wishes?: Partial<AppointmentInput>) => Started; calls: string[] }) => Promise<T>) => Promise<T>;
  close: () => Promise<void>;
};

export type Started = { input: AppointmentInput; workflowId: string; outcome: Promise<unknown> };

export const bundlePath = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

export const bundleOf = (path: string): Promise<WorkflowBundleWithSourceMap> => bundleWorkflowCode({ workflowsPath: bundlePath(path), logger: quiet });

export async function openStage(): Promise<Stage> {
  quietRuntime();
  const address = required('TEST_TEMPORAL_ADDRESS');
  const [connection, native, bundle] = await Promise.all([Connection.connect({ address }), NativeConnection.connect({ address }), bundleOf('../../workflows/index.ts')]);
  const client = new Client({ connection });
  return {
    client,
    bundle,
    play: async (script, work) => {
      const taskQueue = `test-${randomUUID()}`;
      const calls: string[] = [];
      const noted = Object.fromEntries(Object.entries(script).map(([name, activity]) => [name, async (input: { deliveryId?: string }) => {
        calls.push(input.deliveryId ? `${name} ${input.deliveryId}` : name);
        return (activity as (given: unknown) => unknown)(input);
      }]));
      const deciding = await Worker.create({ connection: native, taskQueue, workflowBundle: bundle, activities: noted });
      const effects = await Worker.create({ connection: native, taskQueue: effectsQueue(taskQueue), activities: noted });
      const start = (wishes: Partial<AppointmentInput> = {}): Started => {
        const input: AppointmentInput = {
          appointmentId: randomUUID(), networkId: randomUUID(), shopId: randomUUID(), serviceId: randomUUID(), barberId: null,
          startsAt: new Date(Date.now() + 3_600_000).toISOString(), policy: defaultPolicy, ...wishes,
        };
        const workflowId = appointmentWorkflowId(input.appointmentId);
        const startWorkflowOperation = new WithStartWorkflowOperation<AppointmentWorkflow>('appointment', {
          workflowId, taskQueue, args: [input], workflowIdConflictPolicy: 'USE_EXISTING', workflowIdReusePolicy: 'REJECT_DUPLICATE',
        });
        return { input, workflowId, outcome: client.workflow.executeUpdateWithStart(bookUpdate, { updateId: bookUpdateId, startWorkflowOperation }) };
      };
      return deciding.runUntil(effects.runUntil(work({ start, calls })));
    },
    close: async () => {
      await native.close();
      await connection.close();
    },
  };
}

/** Seconds from now as ISO text. */
export const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString();

export const planned = (id: string, kind: DeliveryKind, dueIn = 0, usefulFor = 3600): PlannedDelivery => ({ id, kind, dueAt: inSeconds(dueIn), usefulUntil: inSeconds(usefulFor) });

export const booked = (endsIn: number, deliveries: PlannedDelivery[]): Decided => ({
  outcome: { ok: true, barberId: randomUUID(), startsAt: inSeconds(endsIn - 1), endsAt: inSeconds(endsIn), status: 'confirmed', version: 1, shopTimeZone: 'Europe/Lisbon', priceCents: 1500, currency: 'EUR' }, deliveries, toldPending: false,
});

export const refused = (toldPending = false, deliveries: PlannedDelivery[] = []): Decided => ({ outcome: { ok: false, code: 'slot_taken', nearest: [] }, deliveries, toldPending });

export const cancelled = (deliveries: PlannedDelivery[]): CancelResult => ({ ok: true, version: 2, deliveries });

export const shortPolicy = (wishes: Partial<Policy>): Policy => ({ ...defaultPolicy, ...wishes });
