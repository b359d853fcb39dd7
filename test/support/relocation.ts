/** Relocations, as the front desk asks for them over HTTP, and what became of their visits. */
import { expect } from 'chai';
import { addDays, toWall } from '../../src/domain/time.ts';
import { book } from './booking.ts';
import { count } from './claiming.ts';
import { eventually, type Answer, type Engine } from './engine.ts';
import { mailsOf } from './inbox.ts';
import { buildNetwork, type NetworkWishes, type TestNetwork } from './network.ts';

/** A network that takes any number of bookings an hour, and tomorrow's date there. */
export async function buildDay(engine: Engine, wishes: NetworkWishes): Promise<{ network: TestNetwork; date: string }> {
  const network = await buildNetwork(engine.database.orm, {
    ...wishes,
    settings: { maxHourlyBookingsPerContact: null, maxHourlyBookingsPerAddress: null, maxHourlyBookingsPerKey: null, ...wishes.settings },
  });
  return { network, date: addDays(toWall(Date.now(), network.timeZone).date, 1) };
}

export const statesOf = (relocation: { visits: { appointmentId: string; state: string; code: string | null }[] }) =>
  Object.fromEntries(relocation.visits.map(({ appointmentId, state, code }) => [appointmentId, code ? `${state} ${code}` : state]));

/** Asks of the engine, the network and the date that the test works with at that moment. */
export function relocationCalls(engine: () => Engine, network: () => TestNetwork, date: () => string) {
  const call = (method: string, path: string, body?: unknown): Promise<Answer> => engine().call(network().apiKey, method, path, body);
  const booked = async (time: string, barber = 0, wishes: Record<string, unknown> = {}): Promise<string> => {
    const { status, body, text } = await book(engine(), network(), {
      barberId: network().barberIds[barber],
      startsAt: network().at(time),
      ...wishes,
    });
    expect(status, text).to.equal(201);
    return body.id;
  };
  const post = (wishes: Record<string, unknown> = {}) =>
    call('POST', '/v1/relocations', { barberId: network().barberIds[0], date: date(), mode: 'move', reason: 'illness', ...wishes });
  async function begin(wishes: Record<string, unknown> = {}): Promise<Answer> {
    const answer = await post(wishes);
    expect(answer.status, answer.text).to.equal(202);
    expect(answer.headers.get('location')).to.equal(`/v1/relocations/${answer.body.id}`);
    return answer;
  }
  const read = async (id: string) => (await call('GET', `/v1/relocations/${id}`)).body;
  const finished = (id: string) =>
    eventually(
      () => read(id),
      ({ finishedAt }) => finishedAt !== null,
      40_000,
    );
  const appointment = async (id: string) => (await call('GET', `/v1/appointments/${id}`)).body;
  /** The kinds of the mails to the customer beside the confirmation, once nothing is on its way any more. */
  async function told(id: string): Promise<string[]> {
    await eventually(
      () => count(engine().database.orm, 'delivery', `appointment_id = ? and finished_at is null and due_at <= now()`, [id]),
      (open) => open === 0,
    );
    return (await mailsOf(id))
      .map(({ headers }) => headers['x-punctual-kind']!)
      .filter((kind) => kind.endsWith('_customer') && kind !== 'confirmation_customer');
  }

  /** Once all is sent: a message whose worker goes away is tried again only after a minute. */
  async function stopIdleWorkers(ids: string[]): Promise<void> {
    for (const id of ids) await told(id);
    await engine().stopWorkers();
  }
  return { call, booked, post, begin, finished, appointment, told, stopIdleWorkers };
}
