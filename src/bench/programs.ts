/** Our API and worker as processes of their own, so that the CPU of each can be told apart. Forked by the benchmark. */
import { Runtime } from '@temporalio/worker';
import { startApi } from '../api.ts';
import { readConfig } from '../config.ts';
import { openDeps } from '../deps.ts';
import { sdkLogger } from '../sdk-log.ts';
import { startWorker } from '../worker.ts';

const deps = await openDeps(readConfig());
const [role] = process.argv.slice(2);
if (role === 'api') {
  const { url, stop } = await startApi(deps);
  process.on('disconnect', () => void stop().then(() => process.exit(0)));
  process.send?.(url);
} else {
  Runtime.install({ logger: sdkLogger(deps.log), shutdownSignals: [] });
  const { stop } = await startWorker(deps, { effects: role === 'effects' });
  process.on('disconnect', () => void stop().then(() => process.exit(0)));
  process.send?.('ready');
}
