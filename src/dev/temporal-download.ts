/**
 * Fetches Temporal's CLI the way the SDK's test package does: `temporal-download.ts <folder> <version>` leaves it in that folder as
 * `temporal-<version>`. The SDK can only start a server from what it fetches, so this is a program of its own that stops it at once.
 */
import { Runtime } from '@temporalio/worker';

const [downloadDir = '', version = ''] = process.argv.slice(2);

/** Fetches the program by starting it, once. */
async function fetchProgram(): Promise<void> {
  const runtime = Runtime.instance();
  const server = await runtime.createEphemeralServer({
    type: 'dev-server',
    // The folder is new, so nothing in it is ever old; the SDK's name would only matter for the version "default".
    exe: { type: 'cached-download', downloadDir, version, ttl: 3_600_000, sdkName: 'sdk-typescript', sdkVersion: '' },
    namespace: 'default',
    ip: '127.0.0.1',
    port: null,
    uiPort: null,
    dbFilename: null,
    ui: false,
    log: { format: 'pretty', level: 'error' },
    extraArgs: [],
  });
  await runtime.shutdownEphemeralServer(server);
}

try {
  await fetchProgram();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
