/**
 * Goal: an operator gets from an empty database to an API key, and is told plainly what is wrong. Method: the program as a child process.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { expect } from 'chai';
import pg from 'pg';
import { findApiKey } from '../../src/db/api-key.ts';
import { createDatabase, required, type TestDatabase } from '../support/database.ts';

const root = new URL('../..', import.meta.url);
type Ended = { code: number; stdout: string; stderr: string };

async function run(databaseUrl: string, ...args: string[]): Promise<Ended> {
  const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl, SMTP_URL: 'smtp://127.0.0.1:1', LINK_SECRET: 'x'.repeat(32) };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['src/cli/main.ts', ...args], {
      cwd: root,
      env,
      timeout: 30_000,
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Ended;
    return { code, stdout, stderr };
  }
}

/** One sentence on stderr, nothing on stdout, no stack, no secret of the address. */
function expectRefusal(ended: Ended, code: number, text: string): void {
  expect(ended).to.include({ code, stdout: '' });
  expect(ended.stderr.trim().split('\n')).to.have.length(1);
  expect(ended.stderr).to.include(text);
}

describe('command line', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  before(async () => {
    database = await createDatabase();
  });
  after(() => database.drop());

  const cli = (...args: string[]) => run(database.url, ...args);
  const keyOf = (ended: Ended) => ended.stdout.trim();
  const idOf = (apiKey: string) => apiKey.slice(3, 35).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

  it('makes a network and a key, lists it, and revokes it', async () => {
    const network = await cli('network', 'create', '--slug', 'navalha-de-ouro', '--name', 'Navalha de Ouro');
    expect(network).to.include({ code: 0 });
    expect(network.stdout).to.match(/^[0-9a-f-]{36}\n$/);

    const made = await cli(
      'key',
      'create',
      '--network',
      'navalha-de-ouro',
      '--client',
      'Balcão 1',
      '--scopes',
      'ops,book',
      '--expires',
      '2099-01-01',
    );
    expect(made.stdout, 'the key alone, so that a script can keep it').to.match(/^pk_[0-9a-f]{32}_[A-Za-z0-9_-]{43}\n$/);
    const id = idOf(keyOf(made));
    expect(await findApiKey(database.orm.em.fork(), id)).to.deep.include({
      networkId: network.stdout.trim(),
      scopes: ['book', 'ops'],
      endsAt: Date.parse('2099-01-01T00:00:00Z'),
    });

    const list = () =>
      cli('key', 'list', '--network', 'navalha-de-ouro').then(({ stdout }) =>
        stdout
          .trim()
          .split('\n')
          .slice(1)
          .map((line) => line.split('\t')),
      );
    expect(await list()).to.deep.equal([[id, 'Balcão 1', 'book,ops', 'live', '2099-01-01T00:00:00Z', '-']]);
    expect((await cli('key', 'revoke', '--network', 'navalha-de-ouro', '--key', id)).code).to.equal(0);
    expect((await list())[0]?.[3]).to.equal('revoked');
    expectRefusal(await cli('key', 'revoke', '--network', 'navalha-de-ouro', '--key', id), 1, 'has no key');
  });

  it('revokes by the key itself, but only in its own network', async () => {
    for (const slug of ['ours', 'theirs']) await cli('network', 'create', '--slug', slug, '--name', slug);
    const apiKey = keyOf(await cli('key', 'create', '--network', 'ours', '--client', 'c', '--scopes', 'book'));
    expectRefusal(await cli('key', 'revoke', '--network', 'theirs', '--key', apiKey), 1, 'has no key');
    expect((await cli('key', 'revoke', '--network', 'ours', `--key=${apiKey}`)).code).to.equal(0);
  });

  it('a second key of a client belongs to the same client, so that keys can be rotated', async () => {
    await cli('network', 'create', '--slug', 'rotating', '--name', 'Rotating');
    const create = () => cli('key', 'create', '--network', 'rotating', '--client', 'desk', '--scopes', 'book');
    const ids = [idOf(keyOf(await create())), idOf(keyOf(await create()))];
    const keys = await Promise.all(ids.map((id) => findApiKey(database.orm.em.fork(), id)));
    expect(keys[0]?.apiClientId).to.equal(keys[1]?.apiClientId);
  });

  const faulty: [string, string[], number, string][] = [
    ['an unknown command', ['shop', 'create'], 2, '"shop create"'],
    ['half a command', ['network'], 2, '"network"'],
    ["a name from every object's prototype", ['constructor'], 2, '"constructor"'],
    ['missing options', ['key', 'create', '--client', 'c'], 2, '--network and --scopes'],
    ['an option without a value', ['network', 'create', '--slug', '--name', 'x'], 2, '--slug needs a value'],
    ['an empty value', ['network', 'create', '--slug=', '--name', 'x'], 2, '--slug needs a value'],
    ['an option given twice', ['network', 'create', '--slug', 'a', '--slug', 'b', '--name', 'x'], 2, '--slug was given twice'],
    ['an unknown option', ['key', 'list', '--network', 'x', '--all'], 2, '--all'],
    ['a name without quotes', ['network', 'create', '--slug', 'x', '--name', 'Navalha', 'Ouro'], 2, '"Ouro"'],
    ['a slug that is no address', ['network', 'create', '--slug', 'Navalha Ouro', '--name', 'x'], 2, '--slug'],
    ['a name with a line break', ['network', 'create', '--slug', 'x', '--name', 'a\nb'], 2, '--name'],
    ['an unknown scope', ['key', 'create', '--network', 'x', '--client', 'c', '--scopes', 'book,root'], 2, '"root"'],
    [
      'a date that does not exist',
      ['key', 'create', '--network', 'x', '--client', 'c', '--scopes', 'book', '--expires', '2027-02-30'],
      2,
      '--expires',
    ],
    ['a past date', ['key', 'create', '--network', 'x', '--client', 'c', '--scopes', 'book', '--expires', '2020-01-01'], 2, 'future'],
    ['a key id that is none', ['key', 'revoke', '--network', 'x', '--key', '12'], 2, '--key'],
    ['an unknown network', ['key', 'list', '--network', 'nowhere'], 1, '"nowhere"'],
  ];
  for (const [what, args, code, text] of faulty) {
    it(`refuses ${what} in one sentence`, async () => expectRefusal(await cli(...args), code, text));
  }

  it('refuses a slug that is used', async () => {
    const create = () => cli('network', 'create', '--slug', 'twice', '--name', 'Twice');
    expect((await create()).code).to.equal(0);
    expectRefusal(await create(), 1, '"twice"');
  });

  it('help, and no command at all, print the usage', async () => {
    for (const args of [['help'], [], ['key', 'create', '--help']]) {
      const ended = await run('', ...args);
      expect(ended).to.include({ code: 0, stderr: '' });
      for (const command of ['network create', 'key create', 'key revoke', 'key list']) expect(ended.stdout).to.include(command);
    }
  });

  it('says when the configuration is missing, the database is away, or has no schema', async () => {
    expectRefusal(await run('', 'key', 'list', '--network', 'x'), 1, 'DATABASE_URL is not set');
    expectRefusal(await run('postgresql://someone:secret@127.0.0.1:1/none', 'key', 'list', '--network', 'x'), 1, 'does not answer');

    const name = `${process.env.TEST_DATABASE_PREFIX ?? 'punctual_test_'}${randomBytes(6).toString('hex')}`;
    const server = new pg.Client({ connectionString: required('TEST_DATABASE_URL') });
    await server.connect();
    try {
      await server.query(`create database "${name}"`);
      const url = new URL(required('TEST_DATABASE_URL'));
      url.pathname = `/${name}`;
      expectRefusal(await run(url.href, 'key', 'list', '--network', 'x'), 1, 'run the migrations');
    } finally {
      await server.query(`drop database if exists "${name}" with (force)`);
      await server.end();
    }
  });
});
