/** Series of visits, as tests ask for them over HTTP. */
import { randomUUID } from 'node:crypto';
import { toWall } from '../../src/domain/time.ts';
import { customer } from './booking.ts';
import { count } from './claiming.ts';
import { eventually, type Answer, type Engine } from './engine.ts';
import type { TestNetwork } from './network.ts';

export const statuses = ({ body }: Answer): string[] => body.visits.map(({ status }: { status: string }) => status);

/** Asks of the engine and the network that the test works with at that moment. */
export function seriesCalls(engine: () => Engine, network: () => TestNetwork) {
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    engine().call(network().apiKey, method, path, body, headers);
  const wanted = (wishes: Record<string, unknown> = {}) => ({
    shopId: network().shopId,
    serviceId: network().serviceId,
    barberId: network().barberIds[0],
    everyWeeks: 1,
    ...wishes,
  });
  const localStart = (time: string, days: number) => toWall(Date.parse(network().at(time, days)), network().timeZone).iso.slice(0, 16);
  const preview = (wishes: Record<string, unknown> = {}) =>
    call('POST', '/v1/series/preview', wanted({ localStart: localStart('10:00', 7), times: 3, ...wishes }));
  /** At ten, in one, two, three weeks. */
  const weekly = (...weeks: number[]) => weeks.map((week) => ({ startsAt: network().at('10:00', week * 7) }));
  const seriesBody = (wishes: Record<string, unknown> = {}) => wanted({ customer: customer(), visits: weekly(1, 2, 3), ...wishes });
  const commit = (body: unknown, key: string = randomUUID()) => call('POST', '/v1/series', body, { 'idempotency-key': key });
  const now = async (id: string) =>
    (await call('GET', `/v1/series/${id}`)).body.visits.map(
      ({ status, code, appointment }: { status: string; code?: string; appointment?: { status: string } }) =>
        appointment?.status ?? code ?? status,
    );
  /** The id of the series that is being booked, as soon as there is one. */
  const begun = async () =>
    (
      await eventually(
        () =>
          engine().database.orm.em.fork().execute<{ id: string }[]>('select id from series where network_id = ?', [network().networkId]),
        (rows) => rows.length > 0,
      )
    )[0]!.id;
  const appointments = () => count(engine().database.orm, 'appointment', 'network_id = ?', [network().networkId]);
  return { call, localStart, preview, weekly, seriesBody, commit, now, begun, appointments };
}
