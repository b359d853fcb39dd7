/**
 * After a government has changed its clock rules: which appointments no longer begin at the wall time that was promised, and moving them.
 */
import { isGrpcServiceError, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { readConfig } from '../config.ts';
import { changeAppointment } from '../db/change.ts';
import { findBrokenPromises, type BrokenPromise } from '../db/promise.ts';
import type { EntityManager } from '../db/orm.ts';
import { adoptZoneData, readZoneData } from '../db/zone-data.ts';
import type { Change, ChangeResult } from '../domain/change.ts';
import { toWall, zoneDataVersion } from '../domain/time.ts';
import { openTemporal } from '../temporal.ts';
import {
  appointmentWorkflowId,
  defaultPolicy,
  redeliveryWorkflowId,
  changeUpdate,
  type RedeliveryWorkflow,
} from '../../workflows/messages.ts';
import { requireNetwork, type Command, type Said } from './command.ts';
import { readFlags } from './options.ts';

const change: Change = { action: 'retime', actor: 'cli:times', by: 'operator', source: 'cli' };

async function readBroken(em: EntityManager, networkSlug: string | undefined, now: number): Promise<BrokenPromise[]> {
  const networkId = networkSlug === undefined ? null : (await requireNetwork(em, networkSlug)).id;
  const broken: BrokenPromise[] = [];
  for await (const each of findBrokenPromises(em, new Date(now), networkId)) broken.push(each);
  return broken;
}

const columns = 'appointment\tshop\tbarber\tpromised\tzone\tbegins now at\tshould begin at';

function describe({ appointmentId, shopId, barberId, promised, found }: BrokenPromise): string {
  const { startsAt, timeZone, wall } = promised;
  const meant = found.kind === 'lost' ? 'no such time' : toWall(found.startsAt, timeZone).iso;
  return [appointmentId, shopId, barberId, wall, timeZone, toWall(startsAt, timeZone).iso, meant].join('\t');
}

/** Lists; changes nothing. */
export const checkTimes: Command = (args, now) => {
  const { network } = readFlags(args, [], ['network']);
  return async (em) => {
    const broken = await readBroken(em, network, now);
    const by = `by zone data ${zoneDataVersion()}`;
    if (broken.length === 0) return { result: columns, remark: `Every appointment begins at the time that was promised, ${by}.` };
    return {
      result: [columns, ...broken.map(describe)].join('\n'),
      remark: `${broken.length} appointments no longer begin at the time that was promised, ${by}. "times move" moves them.`,
      exitCode: 3,
    };
  };
};

/**
 * Moves each through its own workflow, so that its reminders follow. All of a zone shift the same way, so those that make room go first;
 * who finds the time taken is tried again while others still move.
 */
export const moveTimes: Command = (args, now) => {
  const { network } = readFlags(args, [], ['network']);
  return async (em) => {
    const { connection, move } = openMover(em);
    try {
      let left = (await readBroken(em, network, now)).sort(byRoom);
      const total = left.length;
      const answers: string[] = [];
      for (let moved = true; moved && left.length > 0;) {
        moved = false;
        const stuck: BrokenPromise[] = [];
        answers.length = 0;
        for (const broken of left) {
          const result = await move(broken);
          if (result.ok) moved = true;
          else {
            stuck.push(broken);
            answers.push(`${describe(broken)}\t${result.code}`);
          }
        }
        left = stuck;
      }
      const remark =
        `${total - left.length} of ${total} appointments begin at the promised time again` +
        `${left.length > 0 ? `; a person must settle the ${left.length} listed` : ''}.`;
      return { result: [`${columns}\twhy not`, ...answers].join('\n'), remark, ...(left.length > 0 && { exitCode: 3 }) };
    } finally {
      await connection.close();
    }
  };
};

/** Earlier ones first where all move to an earlier time, later ones first where all move to a later. */
function byRoom(a: BrokenPromise, b: BrokenPromise): number {
  const shift = ({ found, promised }: BrokenPromise) => (found.kind === 'broken' ? found.startsAt - promised.startsAt : 0);
  if (shift(a) < 0 !== shift(b) < 0) return shift(a) - shift(b);
  return shift(a) < 0 ? a.promised.startsAt - b.promised.startsAt : b.promised.startsAt - a.promised.startsAt;
}

function openMover(em: EntityManager) {
  const config = readConfig();
  const { client, connection } = openTemporal(config);

  async function move({ appointmentId, networkId }: BrokenPromise): Promise<ChangeResult> {
    try {
      return await connection.withDeadline(Date.now() + 20_000, () =>
        client.workflow.getHandle(appointmentWorkflowId(appointmentId)).executeUpdate(changeUpdate, { args: [change] }),
      );
    } catch (error) {
      if (isGrpcServiceError(error))
        throw new Error(`Temporal or its workers do not answer at ${config.temporal.address}; run this again when they do.`, {
          cause: error,
        });
      if (!(error instanceof WorkflowNotFoundError) && !(error instanceof WorkflowUpdateFailedError)) throw error;
    }
    // Its workflow has ended, or began before it could be asked this: the row moves all the same, and a workflow that only sends takes its
    // reminders.
    const result = await changeAppointment(em, { appointmentId, networkId }, change, {
      now: () => new Date(),
      closeAfterSeconds: defaultPolicy.closeAfterSeconds!,
    });
    if (result.ok && result.stand.effects.length > 0) {
      await client.workflow.start<RedeliveryWorkflow>('redelivery', {
        workflowId: redeliveryWorkflowId(appointmentId, result.stand.version),
        taskQueue: config.temporal.taskQueue,
        args: [{ appointmentId, networkId, policy: defaultPolicy, deliveries: result.stand.effects }],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      });
    }
    return result;
  }
  return { connection, move };
}

/** Goes back to older zone data on purpose; newer data is adopted by the migration. */
export const adoptTimes: Command = (args) => {
  readFlags(args, []);
  return async (em): Promise<Said> => {
    const before = await readZoneData(em);
    const { now } = await adoptZoneData(em, zoneDataVersion(), true);
    return {
      result: now,
      remark:
        before === now
          ? `Zone data ${now} was adopted before.`
          : `Zone data ${now} is adopted in place of ${before ?? 'none'}; programs with other data are no longer ready.`,
    };
  };
};
