/**
 * What the benchmarks that book have in common: servers of their own, our API and a worker that polls no effects, and somebody who books.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApiKey } from '../db/api-key.ts';
import { readConfig } from '../config.ts';
import { openDeps, type Deps } from '../deps.ts';
import { loadSample } from '../dev/load-sample.ts';
import { freePorts } from '../dev/ports.ts';
import { startServers, type Servers } from '../dev/servers.ts';
import { prepareServers } from '../migrate.ts';
import { bookingLoop } from './booking-loop.ts';
import { begin, endChildren } from './children.ts';

export type Stage = {
  servers: Servers;
  deps: Deps;
  env: NodeJS.ProcessEnv;
  networkId: string;
  /** Process ids, for `cpuOf`. */
  shared: { temporal: number; postgres: number };
  apiPid: number;
  workerPid: number;
  /** Books the next free slot over HTTP. */
  book: () => Promise<void>;
  /** The same, of these barbers alone. */
  bookerOf: (barberIds: Set<string>) => Promise<() => Promise<void>>;
  close: () => Promise<void>;
};

const pidIn = (file: string) => Number(readFileSync(file, 'utf8').split('\n')[0]);

/** In `folder`, which must be empty and the caller's to remove. */
export async function openStage(folder: string, more: Record<string, string> = {}): Promise<Stage> {
  const [postgres = 0, temporal = 0, temporalUi = 0, smtp = 0, mailUi = 0] = await freePorts(5);
  const servers = await startServers({
    folder,
    ports: { postgres, temporal, temporalUi, smtp, mailUi },
    external: {},
    throwaway: false,
    log: (line) => console.log(line),
  });
  const env = {
    ...process.env,
    DATABASE_URL: servers.databaseUrl,
    TEMPORAL_ADDRESS: servers.temporalAddress,
    SMTP_URL: servers.smtpUrl,
    PORT: '0',
    LOG_LEVEL: 'error',
    LINK_SECRET: randomBytes(32).toString('hex'),
    RATE_LIMIT_PER_MINUTE: '1000000',
    ANSWER_WITHIN_MS: '30000',
    ...more,
  };
  const deps = await openDeps(readConfig(env));
  const close = async () => {
    await endChildren();
    await deps.close();
    await servers.stop();
  };
  try {
    await prepareServers(deps);
    const { networkId } = await loadSample(deps.orm);
    const { apiKey } = await createApiKey(deps.orm.em.fork(), { networkId, clientName: 'bench', scopes: ['book'] });
    const worker = await begin('programs.ts', ['worker'], env);
    const api = await begin('programs.ts', ['api'], env);
    const bookerOf = (isMeant?: (barberId: string) => boolean) => bookingLoop(deps, networkId, String(api.said), apiKey, isMeant);
    const [{ line }] = await deps.orm.em.fork().execute<[{ line: string }]>(`select pg_read_file('postmaster.pid') as line`);
    return {
      servers,
      deps,
      env,
      networkId,
      close,
      shared: { temporal: pidIn(join(folder, 'temporal.pid')), postgres: Number(line.split('\n')[0]) },
      apiPid: api.child.pid!,
      workerPid: worker.child.pid!,
      book: await bookerOf(),
      bookerOf: (barberIds) => bookerOf((id) => barberIds.has(id)),
    };
  } catch (error) {
    await close();
    throw error;
  }
}
