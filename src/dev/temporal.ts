/** Temporal's own development server with its Web UI, as a child process. */
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { join } from 'node:path';
import type { Log } from './progress.ts';
import { requireFreePort } from './ports.ts';
import { endLeftover, startProcess, waitUntil } from './processes.ts';
import { findTemporal } from './temporal-binary.ts';

export type SearchAttributeType = 'Text' | 'Keyword' | 'Int' | 'Double' | 'Bool' | 'Datetime' | 'KeywordList';

export interface TemporalOptions {
  /** The database file; null keeps everything in memory. */
  dbFile: string | null;
  port: number;
  uiPort: number;
  metricsPort?: number;
  searchAttributes: Record<string, SearchAttributeType>;
  /** Folder for pid file and log. */
  runDir: string;
  log: Log;
  /** Ends the wait for the program, where it must first be downloaded or built. */
  signal?: AbortSignal | undefined;
}

export interface TemporalServer {
  address: string;
  uiUrl: string;
  stop(): Promise<void>;
}

/** How long closed workflows stay readable: the server's own default forgets them after a day, before anyone asks about them. */
const retentionDays = 30;

/** Sets how long a namespace keeps closed workflows. */
export async function setRetention(connection: Connection, namespace: string, days: number): Promise<void> {
  const workflowExecutionRetentionTtl = msToTs(days * 24 * 3_600_000);
  await connection.workflowService.updateNamespace({ namespace, config: { workflowExecutionRetentionTtl } });
}

/** A connection, or null when the server does not answer yet. */
async function tryConnect(address: string): Promise<Connection | null> {
  try {
    return await Connection.connect({ address, connectTimeout: 2000 });
  } catch {
    return null;
  }
}

/** True when the default namespace is there; it then keeps closed workflows long enough. */
async function prepare(address: string): Promise<boolean> {
  const connection = await tryConnect(address);
  if (connection === null) return false;
  try {
    await connection.withDeadline(Date.now() + 5000, () => setRetention(connection, 'default', retentionDays));
    return true;
  } catch {
    return false; // the port answers before the namespace is there
  } finally {
    await connection.close();
  }
}

/** The arguments of `temporal`. */
function commandLine({ dbFile, port, uiPort, metricsPort, searchAttributes }: TemporalOptions): string[] {
  const args = [
    'server',
    'start-dev',
    '--ip',
    '127.0.0.1',
    '--ui-ip',
    '127.0.0.1',
    '--port',
    String(port),
    '--ui-port',
    String(uiPort),
    '--log-level',
    'warn',
  ];
  if (metricsPort !== undefined) args.push('--metrics-port', String(metricsPort));
  if (dbFile !== null) {
    // A write-ahead log survives the end of the process; only a power cut may cost the last moments.
    args.push('--db-filename', dbFile, '--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal');
  }
  for (const [name, type] of Object.entries(searchAttributes)) args.push('--search-attribute', `${name}=${type}`);
  return args;
}

/** Starts the server and waits until it can be used. One that a killed start left behind is ended before. */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const { port, uiPort, runDir, log } = options;
  const pidFile = join(runDir, 'temporal.pid');
  await endLeftover(pidFile);
  await requireFreePort(port, 'Temporal', 'TEMPORAL_PORT');
  await requireFreePort(uiPort, "Temporal's Web UI", 'TEMPORAL_UI_PORT');
  const server = {
    name: 'The Temporal server',
    command: await findTemporal(log, options.signal),
    args: commandLine(options),
    // The CLI reads settings of its own from TEMPORAL_…, meant for other servers.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_'))),
    logFile: join(runDir, 'temporal.log'),
    pidFile,
  };
  const running = await startProcess(server);
  const address = `127.0.0.1:${port}`;
  await waitUntil(() => prepare(address), running, server);
  const uiUrl = `http://127.0.0.1:${uiPort}`;
  log(`Temporal ready on ${address}, its Web UI on ${uiUrl}`);
  return { address, uiUrl, stop: () => running.stop() };
}
