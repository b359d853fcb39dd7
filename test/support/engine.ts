/** API and workers in this process, on the real Temporal and PostgreSQL of the run, with a task queue of their own. */
import { randomUUID } from 'node:crypto';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { startApi } from '../../src/api.ts';
import { readConfig } from '../../src/config.ts';
import { openDeps, type Deps } from '../../src/deps.ts';
import { bundleWorkflows, startWorker } from '../../src/worker.ts';
import { createDatabase, required, type TestDatabase } from './database.ts';
import { quietRuntime } from './quiet.ts';

let bundle: Promise<WorkflowBundleWithSourceMap> | undefined;

/** The environment of a program that works on this database and task queue; also for programs started as child processes. */
export function programEnvironment(database: TestDatabase, taskQueue: string, more: Record<string, string> = {}): Record<string, string> {
  return {
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: required('TEST_TEMPORAL_ADDRESS'),
    SMTP_URL: required('TEST_SMTP_URL'),
    LINK_SECRET: 'a secret of the tests, long enough for anybody',
    TEMPORAL_TASK_QUEUE: taskQueue,
    PORT: '0',
    WORKER_PORT: '0',
    RATE_LIMIT_PER_MINUTE: '100000',
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'silent',
    MAIL_PER_SECOND: '1000',
    SMS_PER_SECOND: '1000',
    CALENDAR_KEYS: `test:${'7'.repeat(64)}`,
    CALDAV_ALLOW_LOOPBACK: '1',
    CALDAV_PER_SECOND: '1000',
    CALDAV_EVERY_SECONDS: '1',
    ...more,
  };
}

export type Engine = {
  deps: Deps;
  database: TestDatabase;
  url: string;
  startWorkers: () => Promise<void>;
  stopWorkers: () => Promise<void>;
  /** Sends JSON with a key; answers status, headers and the parsed body. */
  call: (apiKey: string, method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
  stop: () => Promise<void>;
};

// oxlint-disable-next-line typescript/no-explicit-any -- tests assert on the shape themselves
export type Answer = { status: number; headers: Headers; text: string; body: any };

export async function startEngine(
  options: { env?: Record<string, string>; deps?: Partial<Deps>; workers?: boolean } = {},
): Promise<Engine> {
  quietRuntime();
  const database = await createDatabase({ poolSize: 20 });
  const taskQueue = `test-${randomUUID()}`;
  const opened = await openDeps(readConfig(programEnvironment(database, taskQueue, options.env)));
  const deps: Deps = { ...opened, ...options.deps };
  let worker: Awaited<ReturnType<typeof startWorker>> | undefined;
  const startWorkers = async () => {
    worker ??= await startWorker(deps, { bundle: await (bundle ??= bundleWorkflows(deps)) });
  };
  const stopWorkers = async () => {
    await worker?.stop();
    worker = undefined;
  };
  const api = await startApi(deps);
  if (options.workers ?? true) await startWorkers();
  return {
    deps,
    database,
    url: api.url,
    startWorkers,
    stopWorkers,
    call: async (apiKey, method, path, body, headers = {}) => send(api.url, apiKey, method, path, body, headers),
    stop: async () => {
      await api.stop();
      await stopWorkers();
      await deps.close();
      await database.drop();
    },
  };
}

export async function send(
  url: string,
  apiKey: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: text.startsWith('{') ? JSON.parse(text) : {} };
}

/** Asks until the answer satisfies; fails with the last one after the limit. Tests wait for states with this, never for a fixed time. */
export async function eventually<T>(ask: () => Promise<T>, satisfies: (answer: T) => boolean, limitMs = 20_000): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (satisfies(answer)) return answer;
    if (Date.now() > end) throw new Error(`still not so after ${limitMs} ms: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
