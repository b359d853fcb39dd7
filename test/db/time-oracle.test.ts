/**
 * Goal: a second opinion on time zones, from zone data that is not Node's.
 * Method: PostgreSQL's `AT TIME ZONE` reads walls around every transition and resolves the exact ones; one query each, with arrays.
 * Repeated and skipped times are not asked of it from wall to instant: it picks one in its own way instead of saying so.
 */
import { expect } from 'chai';
import pg from 'pg';
import { MINUTE, resolveLocal, toUtc, toWall, zoneDataVersion } from '../../src/domain/time.ts';
import { allTransitions, localText } from '../domain/transitions.ts';

/** Later transitions are forecasts, which governments revise at short notice: two releases of the zone data may rightly differ. */
const KNOWN_UNTIL = Date.UTC(2026, 0);

describe('time, compared with PostgreSQL', function () {
  this.timeout(30_000);
  let client: pg.Client | undefined;
  let versions = '';

  before(async () => {
    const connectionString = process.env.TEST_DATABASE_URL;
    if (!connectionString) throw new Error('TEST_DATABASE_URL is not set: this test needs a PostgreSQL');
    client = new pg.Client({ connectionString });
    await client.connect();
    const { rows } = await client.query<{ version: string }>("select current_setting('server_version') as version");
    // PostgreSQL has no word for its zone data's release: it ships with the server, or is the system's.
    versions = `zone data: Node ${process.version} has ${zoneDataVersion()}; PostgreSQL is ${rows[0]!.version}`;
  });
  after(() => client?.end());

  const transitions = allTransitions().filter(({ at }) => at < KNOWN_UNTIL);

  it('instants around every transition, read off the wall, agree', async () => {
    const asked = transitions.flatMap(({ zone, at }) =>
      [-1500, -61, -31, -1, 0, 1, 29, 30, 59, 60, 61, 1500].map((minutes) => ({ zone, instant: at + minutes * MINUTE })),
    );
    const { rows } = await client!.query<{ wall: string }>(
      `select to_char(to_timestamp(seconds) at time zone zone, 'YYYY-MM-DD"T"HH24:MI') as wall
         from unnest($1::float8[], $2::text[]) with ordinality as asked (seconds, zone, number) order by number`,
      [asked.map(({ instant }) => instant / 1000), asked.map(({ zone }) => zone)],
    );
    expect(rows).to.have.length(asked.length).greaterThan(3000);
    const differing = asked.flatMap(({ zone, instant }, index) => {
      const { date, time } = toWall(instant, zone);
      const theirs = rows[index]!.wall;
      return theirs === `${date}T${time}` ? [] : [`${zone} ${toUtc(instant)}: ours ${date}T${time}, PostgreSQL's ${theirs}`];
    });
    expect(differing, versions).to.deep.equal([]);
  });

  it('exact walls around every transition, resolved, agree', async () => {
    const asked = transitions.flatMap(({ zone, at, before, after }) =>
      [before, after].flatMap((offset) =>
        [-1500, -75, -60, -30, -1, 0, 1, 30, 60, 75, 1500].flatMap((minutes) => {
          const local = localText(at + offset + minutes * MINUTE);
          const found = resolveLocal(local, zone);
          return found.kind === 'exact' ? [{ zone, local, instant: found.instant }] : [];
        }),
      ),
    );
    const { rows } = await client!.query<{ seconds: number }>(
      `select extract(epoch from wall::timestamp at time zone zone)::float8 as seconds
         from unnest($1::text[], $2::text[]) with ordinality as asked (wall, zone, number) order by number`,
      [asked.map(({ local }) => local), asked.map(({ zone }) => zone)],
    );
    expect(rows).to.have.length(asked.length).greaterThan(3000);
    const differing = asked.flatMap(({ zone, local, instant }, index) => {
      const theirs = rows[index]!.seconds * 1000;
      return theirs === instant ? [] : [`${zone} ${local}: ours ${toUtc(instant)}, PostgreSQL's ${toUtc(theirs)}`];
    });
    expect(differing, versions).to.deep.equal([]);
  });
});
