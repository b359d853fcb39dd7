/** Temporal from our side: the client's connection, and what a namespace must have before the first workflow. */
import { Client, Connection, ScheduleAlreadyRunning, type ScheduleSpec } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import type { Config } from './config.ts';
import { searchAttributes, type Policy } from '../workflows/messages.ts';

/** Connects lazily: a program may start while Temporal is away, and recover later. */
export function openTemporal(config: Config): { client: Client; connection: Connection } {
  const connection = Connection.lazy({ address: config.temporal.address, connectTimeout: '5s' });
  return { connection, client: new Client({ connection, namespace: config.temporal.namespace }) };
}

const { IndexedValueType } = proto.temporal.api.enums.v1;
const indexedTypes = {
  KEYWORD: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  DATETIME: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
  INT: IndexedValueType.INDEXED_VALUE_TYPE_INT,
};

/** The search attributes that must be registered, name and type. */
const searchAttributeTypes = Object.fromEntries(Object.values(searchAttributes).map(({ name, type }) => [name, indexedTypes[type]]));

/**
 * Makes the namespace if it is missing, keeps closed workflows for 30 days, and registers the search attributes. Repeating is harmless.
 * Requests with one key are answered by Temporal for as long as it keeps the workflow, so the retention must exceed the keys' 7 days.
 */
export async function prepareNamespace(connection: Connection, namespace: string): Promise<void> {
  const retention = msToTs('30 days');
  const service = connection.workflowService;
  try {
    await service.registerNamespace({ namespace, workflowExecutionRetentionPeriod: retention });
  } catch (error) {
    if ((error as { code?: number }).code !== 6) throw error;
    await service.updateNamespace({ namespace, config: { workflowExecutionRetentionTtl: retention } });
  }
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.entries(searchAttributeTypes).filter(([name]) => !(name in (customAttributes ?? {})));
  if (missing.length > 0)
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing) });
}

/**
 * Has Temporal run the housekeeping workflow every night, and every ten minutes those for what is overdue and for who waits. Repeating is
 * harmless: a schedule is made once for a task queue.
 */
export async function scheduleHousekeeping(client: Client, taskQueue: string, policy: Policy): Promise<void> {
  const schedules: { scheduleId: string; spec: ScheduleSpec; workflowType: string; args: unknown[] }[] = [
    {
      scheduleId: `housekeeping-${taskQueue}`,
      spec: { calendars: [{ hour: 3, minute: 30 }], jitter: '10m' },
      workflowType: 'housekeeping',
      args: [],
    },
    { scheduleId: `overdue-${taskQueue}`, spec: { intervals: [{ every: '10m' }] }, workflowType: 'overdue', args: [{ policy }] },
    {
      scheduleId: `handover-${taskQueue}`,
      spec: { intervals: [{ every: '5m', offset: '2m' }] },
      workflowType: 'handover',
      args: [{ sweep: true, policy }],
    },
    {
      scheduleId: `calendars-${taskQueue}`,
      spec: { intervals: [{ every: '10m', offset: '7m' }] },
      workflowType: 'calendarKeeper',
      args: [{ policy }],
    },
    {
      scheduleId: `waitlist-${taskQueue}`,
      spec: { intervals: [{ every: '10m', offset: '5m' }] },
      workflowType: 'waitlist',
      args: [{ cause: 'sweep', policy }],
    },
  ];
  for (const { scheduleId, spec, workflowType, args } of schedules) {
    try {
      await client.schedule.create({ scheduleId, spec, action: { type: 'startWorkflow', workflowType, taskQueue, args } });
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    }
  }
}
