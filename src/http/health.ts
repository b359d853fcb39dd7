/** Liveness, readiness with each dependency named, and metrics. None needs a key; none tells more than an operator's probe must know. */
import type { Express } from 'express';
import { databaseSchemaVersion, schemaVersion } from '../db/orm.ts';
import { readZoneData } from '../db/zone-data.ts';
import { zoneDataVersion } from '../domain/time.ts';
import type { HttpDeps } from './deps.ts';

const withinMs = 2000;

type Check = { ok: boolean; [detail: string]: unknown };

async function check(work: () => Promise<Check>): Promise<Check> {
  const limit = new Promise<Check>((resolve) =>
    setTimeout(() => resolve({ ok: false, error: `no answer within ${withinMs} ms` }), withinMs).unref(),
  );
  return Promise.race([work().catch((error: unknown) => ({ ok: false, error: error instanceof Error ? error.name : 'unknown' })), limit]);
}

type Probed = Pick<HttpDeps, 'orm' | 'temporal' | 'config' | 'metrics'>;

/** `more` adds checks that only this program has. */
export function mountHealth(
  app: Express,
  { orm, temporal, config, metrics }: Probed,
  more: Record<string, () => Promise<Check>> = {},
): void {
  app.get('/healthz', (_request, response) => void response.json({ status: 'ok' }));

  app.get('/readyz', async (_request, response) => {
    const [database, workflows, zoneData, ...others] = await Promise.all([
      check(async () => {
        const found = await databaseSchemaVersion(orm);
        return { ok: found === schemaVersion, schemaVersion: found, expected: schemaVersion };
      }),
      check(async () => {
        const { connection } = temporal;
        const deadline = Date.now() + withinMs;
        // First the channel: the SDK repeats a call to a server that is away, and a repetition after the connection's end throws at nobody.
        await connection['untilReady'](deadline);
        await connection.withDeadline(deadline, () =>
          connection.workflowService.describeNamespace({ namespace: config.temporal.namespace }),
        );
        return { ok: true, namespace: config.temporal.namespace };
      }),
      check(async () => {
        const [version, adopted] = [zoneDataVersion(), await readZoneData(orm.em.fork())];
        if (version === adopted) return { ok: true, version };
        const error =
          adopted !== null && version < adopted
            ? 'this process has older zone data than the others: start it with a newer Node'
            : 'this zone data is not adopted yet: run the migration with this Node';
        return { ok: false, version, adopted, error };
      }),
      ...Object.values(more).map(check),
    ]);
    const checks: Record<string, Check> = {
      database,
      temporal: workflows,
      zoneData,
      ...Object.fromEntries(Object.keys(more).map((name, index) => [name, others[index]!])),
    };
    const ok = Object.values(checks).every((one) => one.ok);
    response
      .status(ok ? 200 : 503)
      .json({ status: ok ? 'ready' : 'not ready', checks, zoneDataVersion: zoneDataVersion(), node: process.version });
  });

  app.get('/metrics', async (_request, response) => {
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
}
