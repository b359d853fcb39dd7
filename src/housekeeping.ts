import { ScheduleAlreadyRunning, type Client } from '@temporalio/client';

/** Has Temporal run the housekeeping workflow every night. Repeating is harmless: the schedule is made once for a task queue. */
export async function scheduleHousekeeping(client: Client, taskQueue: string): Promise<void> {
  try {
    await client.schedule.create({
      scheduleId: `housekeeping-${taskQueue}`,
      spec: { calendars: [{ hour: 3, minute: 30 }], jitter: '10m' },
      action: { type: 'startWorkflow', workflowType: 'housekeeping', taskQueue, args: [] },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
