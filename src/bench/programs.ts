/** Our API and worker as processes of their own, so that the CPU of each can be told apart. Forked by the benchmark. */
import { constants, setPriority } from 'node:os';
import { Runtime } from '@temporalio/worker';
import { startApi } from '../api.ts';
import { readConfig } from '../config.ts';
import { openDeps } from '../deps.ts';
import { sdkLogger } from '../sdk-log.ts';
import { startWorker } from '../worker.ts';

const [role] = process.argv.slice(2);
// As deploy/README.md advises: what is sent is apart from what is decided.
const deps = await openDeps(readConfig({ ...process.env, WORKER_ROLE: role === 'effects' ? 'effects' : 'deciding' }));
if (role === 'effects') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
if (role === 'api') {
  const { url, stop } = await startApi(deps);
  process.on('disconnect', () => void stop().then(() => process.exit(0)));
  process.send?.(url);
} else {
  Runtime.install({ logger: sdkLogger(deps.log), shutdownSignals: [] });
  const { stop } = await startWorker(deps);
  process.on('disconnect', () => void stop().then(() => process.exit(0)));
  process.send?.('ready');
}
