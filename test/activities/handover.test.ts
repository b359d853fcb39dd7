/**
 * Goal: effects that wait for a workflow get one, whichever other appointment's is stuck. Method: the activity on real PostgreSQL, and a
 * Temporal client that is told who answers.
 */
import { randomUUID } from 'node:crypto';
import { WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { expect } from 'chai';
import { createHandoverActivities, type HandoverDeps } from '../../activities/handover.ts';
import { appointmentWorkflowId, defaultPolicy } from '../../workflows/messages.ts';
import { count } from '../support/claiming.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { buildNetwork } from '../support/network.ts';

describe('handOver', () => {
  let database: TestDatabase;
  let networkId: string;

  before(async () => {
    database = await createDatabase();
    ({ networkId } = await buildNetwork(database.orm));
  });
  after(() => database.drop());
  beforeEach(async () => {
    await database.orm.em.fork().execute('delete from delivery');
  });

  /** So many appointments, each with an effect that waits to be handed over, in this order behind those before. */
  async function waiting(appointments: number): Promise<string[]> {
    const ids = Array.from({ length: appointments }, () => randomUUID());
    for (const id of ids) {
      await database.orm.em.fork().execute(
        `insert into delivery (
           id, network_id, appointment_id, kind, sequence, state, due_at, useful_until, attempts, created_at,
           channels, channel, retries, handover_since)
         values (?, ?, ?, 'reminder_customer', 0, 'due', now(), now() + interval '1 day', 0, now(), '{mail}', 'mail', 1, now())`,
        [randomUUID(), networkId, id],
      );
    }
    return ids;
  }
  /** Whose workflow answers, and how. */
  const handOver = async (answer: (workflowId: string) => Promise<boolean>) =>
    createHandoverActivities({
      orm: database.orm,
      taskQueue: 'test',
      log: { warn: () => {}, info: () => {} },
      client: {
        withDeadline: (_: number, ask: () => unknown) => ask(),
        workflow: { getHandle: (id: string) => ({ executeUpdate: () => answer(id) }) },
      },
    } as unknown as HandoverDeps).handOver({ policy: defaultPolicy });
  const stuck = () => Promise.reject(new WorkflowUpdateRPCTimeoutOrCancelledError('no answer'));
  const left = () => count(database.orm, 'delivery', 'handover_since is not null', []);

  it('an appointment that does not answer, holds up none behind it', async () => {
    const [first = '', last = ''] = await waiting(2);
    let release = () => {};
    const lastIsHanded = new Promise<void>((resolve) => {
      release = resolve;
    });
    const answer = async (id: string): Promise<boolean> => {
      if (id === appointmentWorkflowId(first)) return lastIsHanded.then(stuck);
      release();
      return true;
    };
    expect(await handOver(answer)).to.deep.equal({ handed: 1, more: false });
    expect(await count(database.orm, 'delivery', 'appointment_id = ? and handover_since is null', [last])).to.equal(1);
  });

  it('more of them than are asked at once, come behind all others in the next run, and fail none', async () => {
    const dead = (await waiting(30)).map(appointmentWorkflowId);
    await waiting(3);
    const answer = (id: string): Promise<boolean> => (dead.includes(id) ? stuck() : Promise.resolve(true));
    for (let run = 0; run < 2; run += 1) await handOver(answer);
    expect(await left()).to.equal(30);
    expect(await handOver(() => Promise.resolve(true))).to.deep.equal({ handed: 25, more: true });
    expect(await handOver(() => Promise.resolve(true))).to.deep.equal({ handed: 5, more: false });
    expect(await left()).to.equal(0);
  });

  it('a Temporal that cannot be asked at all, fails it, so that it is tried again at once', async () => {
    await waiting(2);
    expect(await handOver(() => Promise.reject(new Error('unavailable'))).catch((error: unknown) => String(error))).to.match(
      /no effect could be handed over/,
    );
    expect(await left()).to.equal(2);
  });
});
