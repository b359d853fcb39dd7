/** Prometheus metrics of one process. Labels are codes and routes, never ids or personal data. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics(countParked: () => Promise<number>, countLate: () => Promise<number> = async () => 0) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    bookings: new Counter({
      name: 'punctual_bookings_total',
      help: 'Booking requests by outcome: booked, pending, or the code of the refusal or fault.',
      labelNames: ['outcome'],
      registers,
    }),
    answerSeconds: new Histogram({
      name: 'punctual_http_answer_seconds',
      help: 'Time to answer a request.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12],
      registers,
    }),
    conflicts: new Counter({
      name: 'punctual_reservation_conflicts_total',
      help: 'Reservations that lost a race and looked again.',
      registers,
    }),
    deliveries: new Counter({
      name: 'punctual_deliveries_total',
      help: 'Effects that ended, by kind and end state.',
      labelNames: ['kind', 'state'],
      registers,
    }),
    parked: new Gauge({
      name: 'punctual_parked_deliveries',
      help: 'Effects that wait for a person.',
      registers,
      async collect() {
        // While the database is away the scrape still answers; the gauge then has no value rather than a wrong one.
        await countParked().then(
          (count) => this.set(count),
          () => this.reset(),
        );
      },
    }),
    late: new Gauge({
      name: 'punctual_late_deliveries',
      help: 'Effects that are open ten minutes after their time and have no next try ahead: a backlog, or something is broken.',
      registers,
      async collect() {
        await countLate().then(
          (count) => this.set(count),
          () => this.reset(),
        );
      },
    }),
  };
}
