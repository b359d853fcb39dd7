import { randomUUID } from 'node:crypto';
import type { Answer, Engine } from './engine.ts';
import type { TestNetwork } from './network.ts';

export const customer = (wishes: Record<string, unknown> = {}) => {
  const tag = randomUUID().slice(0, 8);
  return {
    name: 'Ana Söderberg',
    email: `ana.${tag}@example.com`,
    phone: `+3515${String(Math.floor(Math.random() * 1e8)).padStart(8, '0')}`,
    timeZone: 'Europe/Lisbon',
    locale: 'pt-PT',
    ...wishes,
  };
};

/** The body of a booking of the network's first barber tomorrow at 10:00, unless told otherwise. */
export const bookingBody = (network: TestNetwork, wishes: Record<string, unknown> = {}) => ({
  shopId: network.shopId,
  serviceId: network.serviceId,
  barberId: network.barberIds[0],
  startsAt: network.at('10:00'),
  customer: customer(),
  ...wishes,
});

export const book = (
  engine: Pick<Engine, 'call'>,
  network: TestNetwork,
  wishes: Record<string, unknown> = {},
  key: string = randomUUID(),
): Promise<Answer> => engine.call(network.apiKey, 'POST', '/v1/appointments', bookingBody(network, wishes), { 'idempotency-key': key });
