/** Keeps the SDK's own log lines out of the test report; LOG_LEVEL=info shows them. */
import { Runtime } from '@temporalio/worker';

export const quiet = { log: () => {}, trace: () => {}, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let installed = false;

/** Installs the quiet runtime once in this process, before the first worker. */
export function quietRuntime(): void {
  if (installed || process.env.LOG_LEVEL) return;
  installed = true;
  Runtime.install({ logger: quiet, shutdownSignals: [], telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } } });
}
