/**
 * Goal: a crash of PostgreSQL costs no connection for good. Method: end every session in the middle of transactions, more than the pool
 * has.
 */
import { expect } from 'chai';
import { createDatabase } from '../support/database.ts';

describe('the pool', () => {
  it('sessions ended in the middle of transactions, twice, leave every place usable and the pool closable', async () => {
    const size = 3;
    const database = await createDatabase({ poolSize: size });
    const killer = await createDatabase({ poolSize: 2 });
    const name = new URL(database.url).pathname.slice(1);
    const { orm } = database;
    for (let crash = 0; crash < 2; crash += 1) {
      const running = Array.from({ length: size }, () => orm.em.fork().transactional((em) => em.execute('select pg_sleep(30)')));
      const ends = Promise.allSettled(running);
      const count = async () =>
        (
          await killer.orm.em
            .fork()
            .execute<{ n: number }[]>(`select count(*)::int as n from pg_stat_activity where datname = ? and query like '%pg_sleep%'`, [
              name,
            ])
        )[0]!.n;
      while ((await count()) < size)
        await new Promise((resolve) => {
          setTimeout(resolve, 20);
        });
      await killer.orm.em.fork().execute('select pg_terminate_backend(pid) from pg_stat_activity where datname = ?', [name]);
      expect((await ends).map(({ status }) => status)).to.deep.equal(Array(size).fill('rejected'));
    }

    const after = await Promise.all(
      Array.from({ length: 2 * size }, () => orm.em.fork().transactional((em) => em.execute<{ one: number }[]>('select 1 as one'))),
    );
    expect(after).to.have.length(2 * size);
    await database.drop();
    await killer.drop();
  });
});
