/** The yardstick's two processes, forked by the benchmark: `worker` runs the bare workflow, `client` calls it as our API calls ours. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import pg from 'pg';
import type { bare } from './bare-workflow.ts';
import { measure } from './load.ts';

const [role, databaseUrl = '', address = ''] = process.argv.slice(2);
const taskQueue = 'bare';
const tell = (message: unknown) => process.send?.(message);

async function runWorker(): Promise<void> {
  const quiet = () => {};
  Runtime.install({ logger: { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet }, shutdownSignals: [] });
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
  await pool.query('create table if not exists bare (id int primary key, version int not null)');
  await pool.query('insert into bare select n, 1 from generate_series(1, 1000) n on conflict do nothing');
  const worker = await Worker.create({
    connection: await NativeConnection.connect({ address }),
    taskQueue,
    workflowsPath: fileURLToPath(new URL('./bare-workflow.ts', import.meta.url)),
    nonStickyToStickyPollRatio: 0.5,
    maxConcurrentLocalActivityExecutions: 10,
    activities: {
      updateRow: async (id: number) =>
        (await pool.query('update bare set version = version + 1 where id = $1 returning version', [id])).rows[0].version,
    },
  });
  process.on('disconnect', () => worker.shutdown());
  tell('ready');
  await worker.run();
  process.exit(0);
}

async function runClient(): Promise<void> {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  let id = 0;
  const bookBare = async () => {
    const startWorkflowOperation = new WithStartWorkflowOperation<typeof bare>('bare', {
      workflowId: `bare-${randomUUID()}`,
      taskQueue,
      args: [((id += 1) % 1000) + 1],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
    });
    await client.workflow.executeUpdateWithStart('book', { updateId: 'book', startWorkflowOperation });
  };
  process.on(
    'message',
    ({ clients, requests }: { clients: number; requests: number }) => void measure(clients, requests, bookBare).then(tell),
  );
  process.on('disconnect', () => process.exit(0));
  tell('ready');
}

await (role === 'worker' ? runWorker() : runClient());
