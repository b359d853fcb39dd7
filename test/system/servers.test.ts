/** The embedded servers: what must hold when they, or whoever started them, are killed. */
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePorts } from '../../src/dev/ports.ts';
import { discardPostgres, startPostgres } from '../../src/dev/postgres.ts';
import { endLeftover, livePid, writePid } from '../../src/dev/processes.ts';
import { serverOptions, startServers } from '../../src/dev/servers.ts';
import { isRecent } from '../../src/dev/temporal-binary.ts';

const log = () => {};

describe('Embedded servers', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'punctual-servers-'));
    chmodSync(folder, 0o711);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs one statement on a connection of its own. */
  async function query(url: string, sql: string): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: url });
    client.on('error', log); // the server is killed on purpose
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  it('PostgreSQL has its rows again after kill -9, and on another port after its starter was killed', async () => {
    const [first = 0, second = 0, third = 0] = await freePorts(3);
    const dataDir = join(folder, 'postgres');
    try {
      const { url } = await startPostgres({ dataDir, port: first, log });
      await query(url, 'create extension btree_gist');
      await query(url, 'create table visit as select 1 as id');
      const postmaster = Number(readFileSync(join(dataDir, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
      process.kill(postmaster, 'SIGKILL');
      const again = await startPostgres({ dataDir, port: second, log });
      expect(await query(again.url, 'select id from visit')).to.deep.equal([{ id: 1 }]);
      // Nobody stopped that one: as if its starter had been killed.
      const other = await startPostgres({ dataDir, port: third, log });
      expect(await query(other.url, 'select id from visit')).to.deep.equal([{ id: 1 }]);
      await other.stop();
    } finally {
      await discardPostgres(dataDir);
    }
  });

  it('ends a leftover process, and never one that merely has its id', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
    const pidFile = join(folder, 'server.pid');
    writePid(pidFile, child.pid ?? 0);
    expect(livePid(pidFile)).to.equal(child.pid);
    const ended = once(child, 'exit');
    await endLeftover(pidFile);
    expect((await ended)[1]).to.equal('SIGTERM');

    writeFileSync(pidFile, `${process.pid}\nanother program\n`);
    expect(livePid(pidFile)).to.equal(null);
    await endLeftover(pidFile); // would end this very process
    expect(existsSync(pidFile)).to.equal(false);
  });

  it('a busy port is told by its number and its variable, and nothing stays running', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as { port: number };
    const [postgres = 0, temporal = 0, temporalUi = 0, mailUi = 0] = await freePorts(4);
    const ports = { postgres, temporal, temporalUi, smtp: port, mailUi };
    const external = { databaseUrl: 'postgres://unused', temporalAddress: 'unused:1' };
    const error = await startServers({ folder, ports, external, throwaway: true, log }).then(
      () => null,
      (reason: Error) => reason,
    );
    blocker.close();
    expect(error?.message).to.contain(`Port ${port}`).and.to.contain('SMTP_PORT');
  });

  it('reads ports and foreign servers from the environment, and names what is faulty', () => {
    const { ports, external } = serverOptions({ SMTP_PORT: '2525', DATABASE_URL: 'postgres://db', SMTP_URL: '' }, log);
    expect(ports).to.include({ smtp: 2525, postgres: 54329 });
    expect(external).to.deep.equal({ databaseUrl: 'postgres://db' });
    expect(() => serverOptions({ TEMPORAL_PORT: '70000' }, log)).to.throw('TEMPORAL_PORT');
    expect(() => serverOptions({ SMTP_PORT: '1080' }, log)).to.throw('MAIL_UI_PORT and SMTP_PORT');
  });

  it('knows which temporal is recent enough', () => {
    expect(isRecent('temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)')).to.equal(true);
    expect(isRecent('temporal version 0.0.0-DEV (Server 1.29.1, UI 2.42.1)')).to.equal(true);
    expect(isRecent('temporal version 1.10.0 (Server 1.30.0, UI 2.50.0)')).to.equal(true);
    expect(isRecent('temporal version 1.3.0 (Server 1.27.1, UI 2.36.0)')).to.equal(false);
    expect(isRecent('something else')).to.equal(false);
  });
});
