/** POSTs under one Idempotency-Key, and the rows that keep their answers. */
import { count } from './claiming.ts';
import type { Answer, Engine } from './engine.ts';
import type { TestNetwork } from './network.ts';

export const barber = (name = 'Rui') => ({ name, locale: 'pt-PT' });
export const shop = (slug: string) => ({ slug, name: 'A', address: 'Rua 1', timeZone: 'Europe/Lisbon', locale: 'pt' });

/** All of an answer that its own request does not number. */
export const shown = ({ status, text, headers }: Answer) => ({
  status,
  text,
  headers: ['content-type', 'location', 'etag'].map((name) => headers.get(name)),
});

/** Asks of the engine, in the network and under the key that the test works with at that moment. */
export function keptAnswers(engine: () => Engine, network: () => TestNetwork, key: () => string) {
  const post = (path: string, body?: unknown, headers: object = {}): Promise<Answer> =>
    engine().call(network().apiKey, 'POST', path, body, { 'idempotency-key': key(), ...headers });
  const barbers = (): Promise<number> => count(engine().database.orm, 'barber', 'network_id = ?', [network().networkId]);
  const rows = (): Promise<number> => count(engine().database.orm, 'kept_answer', 'network_id = ?', [network().networkId]);
  const alter = (set: string) =>
    engine().database.orm.em.fork().execute(`update kept_answer set ${set} where network_id = ?`, [network().networkId]);
  /** As the row stands when the process dies before it has kept the answer. */
  const die = (ago = '61 seconds') => alter(`status = null, headers = null, body = null, running_since = now() - interval '${ago}'`);
  return { post, barbers, rows, alter, die };
}
