/**
 * Goal: who books is known to one table and the mail alone. Method: markers as name, address and phone, every path driven, then a search of
 * Temporal, logs, answers and all other tables.
 */
import { expect } from 'chai';
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { globSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { freePorts } from '../../src/dev/ports.ts';
import { ourSearchAttributes } from '../../src/dev/servers.ts';
import { startTemporal, type TemporalServer } from '../../src/dev/temporal.ts';
import { openTemporal } from '../../src/temporal.ts';
import { readConfig } from '../../src/config.ts';
import { appointmentWorkflowId } from '../../workflows/messages.ts';
import { bookingBody } from '../support/booking.ts';
import { eventually, send, type Answer } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { holdDiary, openSite, serverFolder, type ApiProgram, type Program, type Site } from '../support/programs.ts';

const tag = randomUUID().slice(0, 8);
const digits = String(randomInt(10_000_000, 99_999_999));
const markers = [`quillname${tag}`, `quillmail${tag}`, digits];
/** A customer whom the markers give away; `kind` tells the mail server how to treat the address. */
const marked = (kind: string) => ({
  name: `Zoé quillname${tag} "x" <y>, ; ${kind}`,
  email: `quillmail${tag}.${kind}@example.com`,
  phone: `+3519${digits}`,
  timeZone: 'America/New_York',
  locale: 'en-GB',
});

/** A talkative mail server: whatever it refuses, it says for whom and what, which real ones do too. */
function talkative(heard: string[]): Server {
  const answer = (line: string): string => {
    const [, address = ''] = /<(.*?)>/.exec(line) ?? [];
    if (line.startsWith('RCPT') && address.includes('.passing@'))
      return `451 4.7.1 ${address} is greylisted, write to ${markers.join(' ')}`;
    if (line.startsWith('RCPT') && address.includes('.lasting@')) return `550 5.1.1 ${address} unknown, said ${markers.join(' ')}`;
    return line.startsWith('DATA') ? '354 go on' : '250 ok';
  };
  return createServer((socket: Socket) => {
    let data: string | null = null;
    socket.on('error', () => {});
    socket.write('220 talkative ESMTP\r\n');
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\r\n')) {
        heard.push(line);
        if (data !== null) {
          data += `${line}\n`;
          if (line !== '.') continue;
          socket.write(data.includes('.content@') ? `451 4.3.0 not now: ${/^To:.*$/m.exec(data)?.[0]}\r\n` : '250 taken\r\n');
          data = null;
        } else if (line !== '') {
          socket.write(`${answer(line)}\r\n`);
          if (line.startsWith('DATA')) data = '';
        }
      }
    });
  });
}

/** A talkative Twilio: whatever it refuses, it says for whom and what, in the body and in a header. */
function talkativeTwilio(heard: string[]): HttpServer {
  return createHttpServer((request, response) => {
    let form = '';
    request.on('data', (chunk: Buffer) => {
      form += chunk.toString();
    });
    request.on('end', () => {
      const said = decodeURIComponent(form.replaceAll('+', ' '));
      heard.push(said);
      // The first of each number is broken, the next is refused for good.
      const status = heard.filter((each) => each === said).length === 1 ? 503 : 400;
      response.writeHead(status, { 'content-type': 'application/json', 'x-said': encodeURIComponent(said) });
      response.end(
        JSON.stringify({
          code: status === 400 ? 21211 : 20500,
          message: `The 'To' number ${said} is not valid, said ${markers.join(' ')}`,
          more_info: said,
          status,
        }),
      );
    });
  });
}

/** Every text and every byte in a message of Temporal's, payloads decoded. */
function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([name, part]) => `${name} ${textOf(part)}`)
      .join('\n');
  return String(value);
}

describe('personal data', () => {
  const heard: string[] = [];
  const smtp = talkative(heard);
  const texted: string[] = [];
  const twilio = talkativeTwilio(texted);
  let own: ReturnType<typeof serverFolder>;
  let temporal: TemporalServer;
  let site: Site;
  let api: ApiProgram;
  let worker: Program;
  let network: TestNetwork;

  before(async () => {
    smtp.listen(0, '127.0.0.1');
    twilio.listen(0, '127.0.0.1');
    await Promise.all([once(smtp, 'listening'), once(twilio, 'listening')]);
    // A server of its own, whose database is a file that can be searched.
    own = serverFolder();
    const [port = 0, uiPort = 0] = await freePorts(2);
    temporal = await startTemporal({
      dbFile: join(own.folder, 'temporal.db'),
      port,
      uiPort,
      searchAttributes: ourSearchAttributes(),
      runDir: own.folder,
      log: () => {},
    });
    site = await openSite({
      TEMPORAL_ADDRESS: temporal.address,
      SMTP_URL: `smtp://127.0.0.1:${(smtp.address() as AddressInfo).port}`,
      TWILIO_ACCOUNT_SID: `AC${'5'.repeat(32)}`,
      TWILIO_AUTH_TOKEN: 'a token of the tests',
      TWILIO_FROM: '+351900000000',
      TWILIO_API_URL: `http://127.0.0.1:${(twilio.address() as AddressInfo).port}`,
      LOG_LEVEL: 'debug',
      ANSWER_WITHIN_MS: '20000',
    });
    network = await buildNetwork(site.database.orm, { settings: { alsoBySms: ['confirmation'] } });
    [api, worker] = await Promise.all([site.startApi(), site.startWorker()]);
  });
  after(async () => {
    await site?.close();
    await temporal?.stop();
    own?.release();
    smtp.close();
    twilio.close();
  });

  const post = (path: string, body?: unknown, key: string = randomUUID()) =>
    send(api.url, network.apiKey, 'POST', path, body, { 'idempotency-key': key });
  const bookAs = (kind: string, time: string) =>
    post('/v1/appointments', bookingBody(network, { startsAt: network.at(time), customer: marked(kind) }));
  const query = <T>(sql: string, values: unknown[] = []) => site.database.orm.em.fork().execute<T[]>(sql, values);
  const expectClean = (text: string, where: string) => {
    for (const marker of markers)
      expect(
        text.toLowerCase().includes(marker),
        `${marker} in ${where}: ${text.slice(Math.max(0, text.toLowerCase().indexOf(marker) - 200)).slice(0, 400)}`,
      ).to.equal(false);
  };
  const states = async (id: string) =>
    (
      await query<{ state: string; error_class: string | null }>('select state, error_class from delivery where appointment_id = ?', [id])
    ).map(({ state, error_class }) => `${state} ${error_class}`);

  it('of customers, on every path of a booking, is in their contact and their mail, and nowhere else', async () => {
    // Booked and cancelled; refused by a mail server for now, for good, and at the content; refused for taken time before and inside the
    // workflow.
    const good = await bookAs('good', '10:00');
    const undelivered = await Promise.all(['passing', 'lasting', 'content'].map((kind, index) => bookAs(kind, `1${index + 1}:00`)));
    for (const { status, text } of [good, ...undelivered]) expect(status, text).to.equal(201);
    const taken = await bookAs('taken', '10:00');
    const held = await holdDiary(site.database, network.barberIds[0]!);
    const racing = [bookAs('rival', '15:00'), bookAs('rival', '15:00')];
    await held.blocks(1);
    const requests = () => query<{ id: string }>('select id from booking_request where starts_at = ?', [network.at('15:00')]);
    await eventually(requests, (found) => found.length === 2);
    await held.release();
    const rivals = await Promise.all(racing);
    expect(rivals.map(({ status }) => status).sort()).to.deep.equal([201, 409]);
    const cancelled = await post(`/v1/appointments/${good.body.id}/cancel`);
    expect(cancelled.body.status).to.equal('cancelled');

    // What the caller did wrong, and what went wrong inside: a driver's error names the whole row.
    const faulty = await post(
      '/v1/appointments',
      bookingBody(network, { customer: { ...marked('faulty'), phone: `0${digits}`, email: `quillmail${tag}` } }),
    );
    expect(faulty.status).to.equal(400);
    await query(`alter table contact add constraint trips check (email not like '%.tripping@%')`);
    const tripped = await bookAs('tripping', '16:00');
    expect([tripped.status, tripped.body.code]).to.deep.equal([500, 'internal']);

    const [passing, lasting, content] = undelivered.map(({ body }) => String(body.id)) as [string, string, string];
    await eventually(
      () => states(passing),
      (found) => found.some((state) => /^(due|in_flight) transient/.test(state)),
    );
    await eventually(
      () => states(lasting),
      (found) => found.includes('parked permanent'),
    );
    await eventually(
      () => states(content),
      (found) => found.some((state) => /^(due|in_flight) transient/.test(state)),
    );
    await eventually(
      () => states(good.body.id),
      (found) => found.every((state) => /^(delivered|undone|skipped|parked)/.test(state)),
    );
    await eventually(
      () => query<{ id: string }>(`select id from delivery where channel = 'sms' and state = 'parked' and error_class = 'permanent'`),
      (found) => found.length >= 3,
    );
    const letters = await send(api.url, network.apiKey, 'GET', '/v1/dead-letters');
    expect(letters.body.items.length).to.be.at.least(4);

    await searchTemporal([good.body.id, passing, lasting, content, ...(await requests()).map(({ id }) => id)], passing);
    await searchDatabase();
    searchFiles(good.body.id);
    const answers: Answer[] = [good, ...undelivered, taken, ...rivals, cancelled, faulty, tripped, letters];
    for (const { text } of answers) expectClean(text, 'an answer');
    expectClean(await (await fetch(`${api.url}/metrics`)).text(), 'the metrics');
    const logged = api.output() + worker.output();
    expect(logged).to.include('"code":"internal"').and.to.include('"msg":"answered"');
    expectClean(logged, 'the logs');
    // The search would have found them: this is where they belong.
    expect(texted.join('\n')).to.include(digits);
    expect(heard.join('\n').toLowerCase()).to.include(markers[0]).and.to.include(markers[1]);
  });

  async function searchTemporal(ids: string[], failing: string): Promise<void> {
    const { client, connection } = openTemporal(readConfig(site.env));
    try {
      expect(ids).to.have.length(6);
      for (const id of ids) {
        const handle = client.workflow.getHandle(appointmentWorkflowId(id));
        const history = textOf(await handle.fetchHistory());
        expect(history).to.include(id).and.to.include('"reserveWithinSeconds"');
        expectClean(history, `the history of ${id}`);
        const { namespace } = client.options;
        const described = textOf(
          await connection.workflowService.describeWorkflowExecution({ namespace, execution: { workflowId: handle.workflowId } }),
        );
        // The failure of a try that will be repeated is no event yet; it stands here.
        if (id === failing) expect(described).to.include('SMTP failed');
        expectClean(described, `memo, search attributes and pending activities of ${id}`);
      }
    } finally {
      await connection.close();
    }
  }

  /** Temporal's own database, octet by octet: tasks, visibility and what no API shows are in it too. */
  function searchFiles(known: string): void {
    const files = globSync('temporal.db*', { cwd: own.folder }).map((name) =>
      readFileSync(join(own.folder, name)).toString('latin1').toLowerCase(),
    );
    expect(
      files.some((text) => text.includes(known)),
      'an id that must be there',
    ).to.equal(true);
    const encoded = markers.flatMap((marker) => [marker, Buffer.from(marker).toString('base64').toLowerCase().replace(/=+$/, '')]);
    for (const text of files)
      for (const marker of encoded) expect(text.includes(marker), `${marker} in Temporal's database`).to.equal(false);
  }

  async function searchDatabase(): Promise<void> {
    const tables = await query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
    );
    expect(tables.map(({ name }) => name)).to.include.members(['contact', 'delivery', 'booking_request', 'appointment_event']);
    for (const { name } of tables) {
      const rows = JSON.stringify(await query(`select to_jsonb(t) as row from "${name}" t`));
      if (name === 'contact') for (const marker of markers) expect(rows).to.include(marker);
      else expectClean(rows, `the table ${name}`);
    }
    const [refused] = await query<{ count: number }>(
      `select count(*)::int as count
       from contact
       where email like '%.taken@%' or id in (select id from booking_request where outcome->>'ok' = 'false')`,
    );
    expect(refused!.count, 'contacts of refused bookings').to.equal(0);
  }
});
