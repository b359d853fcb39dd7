/**
 * Goal: several programs behave as one. Method: two API and two worker processes under rivals, mixed wishes and rolling restarts; SQL of
 * its own judges.
 */
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { bookingBody } from '../support/booking.ts';
import { count, countOverlaps } from '../support/claiming.ts';
import { eventually, send, type Answer } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { holdDiary, openSite, type ApiProgram, type Program, type Site } from '../support/programs.ts';

const minute = 60_000;

describe('two APIs and two workers', () => {
  let site: Site;
  let apis: ApiProgram[];
  let workers: Program[];

  before(async () => {
    // Long, so that a busy machine answers 201 as well.
    site = await openSite({ ANSWER_WITHIN_MS: '14000' });
    [apis, workers] = await Promise.all([
      Promise.all([site.startApi(), site.startApi()]),
      Promise.all([site.startWorker(), site.startWorker()]),
    ]);
  });
  after(() => site.close());

  const url = (client: number) => apis[client % apis.length]!.url;
  const book = (client: number, network: TestNetwork, body: unknown, key: string = randomUUID()) =>
    send(url(client), network.apiKey, 'POST', '/v1/appointments', body, { 'idempotency-key': key });
  const rows = (table: string, network: TestNetwork) => count(site.database.orm, table, 'network_id = ?', [network.networkId]);
  /** How an answer ended, once it is decided; a 202 is followed to its end. */
  const decided = async (client: number, network: TestNetwork, answer: Answer): Promise<string> => {
    if (answer.status !== 202) return String(answer.body.code ?? answer.body.status);
    const read = await eventually(
      () => send(url(client), network.apiKey, 'GET', answer.headers.get('location')!),
      ({ body }) => body.status !== 'pending',
    );
    return String(read.body.code ?? read.body.status);
  };

  it('a hundred clients, on one slot, are one winner and 99 clean refusals', async () => {
    const network = await buildNetwork(site.database.orm);

    const answers = await Promise.all(Array.from({ length: 100 }, (_, client) => book(client, network, bookingBody(network))));

    expect(answers.filter(({ status }) => status === 201)).to.have.length(1);
    const refusals = answers.filter(({ status }) => status === 409);
    expect(refusals).to.have.length(99);
    for (const { headers, body } of refusals) {
      expect(body.code).to.equal('slot_taken');
      expect(headers.get('content-type')).to.include('application/problem+json');
      expect(body.nearest).to.not.be.empty;
      expect(body.nearest.map((slot: { startsAt: string }) => slot.startsAt)).to.not.include(network.at('10:00'));
    }
    for (const table of ['appointment', 'occupancy', 'appointment_event', 'contact', 'customer'])
      expect(await rows(table, network), table).to.equal(1);
  });

  it('one request, sent ten times at once under one key, is one appointment and one answer', async () => {
    const network = await buildNetwork(site.database.orm);
    const [body, key] = [bookingBody(network), randomUUID()];

    const answers = await Promise.all(Array.from({ length: 10 }, (_, client) => book(client, network, body, key)));

    expect(answers.map(({ status }) => status)).to.deep.equal(Array(10).fill(201));
    expect(new Set(answers.map(({ text }) => text)).size).to.equal(1);
    for (const table of ['appointment', 'occupancy', 'appointment_event', 'contact', 'booking_request'])
      expect(await rows(table, network), table).to.equal(1);
  });

  it('sixty clients, with mixed wishes, are refused only what is taken and never overlap', async () => {
    const network = await buildNetwork(site.database.orm, { barbers: 3, bufferAfterMinutes: 10, settings: { slotStepMinutes: 5 } });
    const opens = Date.parse(network.at('10:00'));
    const wishes = Array.from({ length: 60 }, (_, client) => ({
      barberId: client % 4 === 3 ? undefined : network.barberIds[client % 3],
      startsAt: new Date(opens + ((client * 25) % 240) * minute).toISOString(),
    }));

    const answers = await Promise.all(wishes.map((wish, client) => book(client, network, bookingBody(network, wish))));
    const ends = await Promise.all(answers.map((answer, client) => decided(client, network, answer)));

    expect(new Set(ends)).to.deep.equal(new Set(['confirmed', 'slot_taken']));
    const won = ends.filter((end) => end === 'confirmed').length;
    for (const table of ['appointment', 'occupancy', 'appointment_event', 'contact'])
      expect(await rows(table, network), table).to.equal(won);
    expect(await countOverlaps(site.database.orm, network.networkId)).to.equal(0);
    // A refused wish would have overlapped: with its barber's time, or with that of all three.
    const claimed = await site.database.orm.em.fork().execute<{ barber_id: string; from: number; to: number }[]>(
      `select barber_id,
           extract(epoch from lower(during))::float8 * 1000 as from, extract(epoch from upper(during))::float8 * 1000 as to
         from occupancy
         where network_id = ?`,
      [network.networkId],
    );
    for (const [client, end] of ends.entries()) {
      if (end !== 'slot_taken') continue;
      const from = Date.parse(wishes[client]!.startsAt);
      const busy = new Set(claimed.filter((row) => row.from < from + 40 * minute && from < row.to).map((row) => row.barber_id));
      const { barberId } = wishes[client]!;
      expect(barberId ? busy.has(barberId) : busy.size === 3, `client ${client}`).to.equal(true);
    }
  });

  it('programs, told to stop with a booking inside, finish it before they end', async () => {
    const network = await buildNetwork(site.database.orm);
    const [api, other] = apis as [ApiProgram, ApiProgram];
    const held = await holdDiary(site.database, network.barberIds[0]!);
    const inside = book(0, network, bookingBody(network));
    await held.blocks();

    const ends = Promise.all([api, ...workers].map((program) => program.end('SIGTERM')));
    await eventually(
      () =>
        fetch(`${api.url}/healthz`).then(
          () => 'answers',
          () => 'refuses',
        ),
      (state) => state === 'refuses',
    );
    await held.release();

    expect((await inside).status).to.equal(201);
    expect(await ends).to.deep.equal([0, 0, 0]);
    expect((await send(other.url, network.apiKey, 'GET', (await inside).headers.get('location')!)).body.status).to.equal('confirmed');
    [apis[0], workers] = await Promise.all([site.startApi(), Promise.all([site.startWorker(), site.startWorker()])]);
  });

  it('each program, told to stop under load and replaced, drains and fails no request that its key does not mend', async function () {
    // Four programs end and start under load; on a busy machine that takes its time, and is no failure.
    this.timeout(180_000);
    const network = await buildNetwork(site.database.orm, { barbers: 4 });
    const codes: (number | string)[] = [];
    const mended: string[] = [];
    const phase = { rolling: true };

    /** As a careful client would: what is known to be retryable is repeated elsewhere, with the same key. */
    async function bookSurely(index: number): Promise<Answer> {
      const startsAt = new Date(
        Date.parse(network.at('08:00', 1 + Math.floor(index / 96))) + Math.floor((index % 96) / 4) * 30 * minute,
      ).toISOString();
      const [body, key] = [bookingBody(network, { barberId: network.barberIds[index % 4], startsAt }), randomUUID()];
      for (let tries = 0; ; tries += 1) {
        const answer = await book(index + tries, network, body, key).catch((error: Error) => error);
        if (!(answer instanceof Error) && answer.status !== 503) return answer;
        mended.push(answer instanceof Error ? 'connection' : answer.body.code);
        if (tries > 100) throw new Error(`not booked after ${tries} tries`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    let next = 0;
    const answers: Promise<Answer>[] = [];
    const load = Array.from({ length: 8 }, async () => {
      while (phase.rolling) {
        const booking = bookSurely(next++);
        answers.push(booking);
        await booking;
      }
    });
    for (const index of [0, 1]) {
      await eventually(
        async () => answers.length,
        (sent) => sent > 40 * (index + 1),
      );
      codes.push(...(await Promise.all([apis[index]!.end('SIGTERM'), workers[index]!.end('SIGTERM')])));
      [apis[index], workers[index]] = await Promise.all([site.startApi(), site.startWorker()]);
    }
    phase.rolling = false;
    await Promise.all(load);

    expect(codes).to.deep.equal([0, 0, 0, 0]);
    const ends = await Promise.all(answers.map(async (answer, client) => decided(client, network, await answer)));
    expect(new Set(ends)).to.deep.equal(new Set(['confirmed']));
    expect(
      new Set(mended.filter((kind) => !['connection', 'outcome_unknown', 'database_unavailable', 'temporal_unavailable'].includes(kind))),
    ).to.be.empty;
    expect(await rows('appointment', network)).to.equal(answers.length);
    expect(await countOverlaps(site.database.orm, network.networkId)).to.equal(0);
  });
});
