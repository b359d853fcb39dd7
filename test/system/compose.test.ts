/**
 * Goal: docker-compose.yml keeps its promises where no Docker engine runs. Method: the file is parsed and held against the code that it
 * starts.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { expect } from 'chai';
import { CORE_SCHEMA, load, mergeTag } from 'js-yaml';
import { readConfig } from '../../src/config.ts';

type Service = {
  image: string;
  build?: string;
  command?: string[];
  restart?: string;
  environment?: Record<string, unknown>;
  ports?: string[];
  volumes?: string[];
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
  stop_grace_period?: string;
  user?: string;
  logging?: { options: Record<string, string> };
};

const file = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const text = file('docker-compose.yml');
const { services, volumes } = load(text, { schema: CORE_SCHEMA.withTags(mergeTag) }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};

/** They end by themselves, and others wait for their end. */
const oneShots = ['migrate', 'temporal-schema'];
const programs = ['api', 'worker', 'effects', 'migrate'];
const requiredByOperator = ['POSTGRES_PASSWORD', 'PUNCTUAL_DB_PASSWORD', 'TEMPORAL_DB_PASSWORD', 'LINK_SECRET'];

/** What .env.example sets, in file order. */
const example = new Map(
  file('.env.example')
    .split('\n')
    .flatMap((line) => {
      const [, name = '', value = ''] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
      return name ? [[name, value] as const] : [];
    }),
);
/** `${NAME}`, `${NAME:-fallback}` and `${NAME:?message}`, as Compose reads them. */
const variable = /\$\{([A-Z_]+)(?::([-?])([^}]*))?\}/g;
const filled = (value: unknown, env: Record<string, string> = {}) =>
  String(value).replace(variable, (_, name: string, kind: string, rest: string) => env[name] ?? (kind === '-' ? rest : ''));
const environmentOf = (name: string, env: Record<string, string>) =>
  Object.fromEntries(Object.entries(services[name]?.environment ?? {}).map(([key, value]) => [key, filled(value, env)]));
const secrets = Object.fromEntries(requiredByOperator.map((name) => [name, 'a secret of thirty-two characters']));

describe('docker-compose.yml', () => {
  it('has what the production shape needs', () => {
    expect(services).to.include.keys(
      'postgres',
      'temporal',
      'temporal-ui',
      'temporal-schema',
      'migrate',
      'api',
      'worker',
      'effects',
      'mail',
    );
  });

  it('pins every image by version', () => {
    for (const [name, { image }] of Object.entries(services)) expect(image, name).to.match(/:v?\d+\.\d+(\.\d+)?[\w.-]*$/);
    expect(file('Dockerfile')).to.match(/^ARG NODE_IMAGE=node:\d+\.\d+\.\d+-/m);
    const { version } = JSON.parse(file('package.json')) as { version: string };
    for (const name of programs) expect(services[name]?.image).to.equal(`punctual:${version}`);
    expect(services.temporal?.image.split(':')[1], 'the schema tool fits the server').to.equal(
      /:([\d.]+)/.exec(services['temporal-schema']?.image ?? '')?.[1],
    );
  });

  it('runs the Node that the tests ran on', () => {
    const { dependencies } = JSON.parse(file('package.json')) as { dependencies: Record<string, string> };
    expect(file('Dockerfile')).to.include(`NODE_IMAGE=node:${dependencies.node}-`);
  });

  it('checks the health of everything that keeps running, and restarts it', () => {
    for (const [name, service] of Object.entries(services)) {
      if (oneShots.includes(name)) {
        expect(service.restart, name).to.match(/^on-failure/);
        expect(
          Object.values(services).some(({ depends_on }) => depends_on?.[name]?.condition === 'service_completed_successfully'),
          `something waits for ${name}`,
        ).to.equal(true);
      } else {
        expect(service.healthcheck?.test, name).to.be.an('array');
        expect(service.restart, name).to.equal('unless-stopped');
      }
    }
  });

  it('waits with a condition, and only for what can fulfil it', () => {
    for (const [name, { depends_on }] of Object.entries(services)) {
      for (const [other, { condition }] of Object.entries(depends_on ?? {})) {
        expect(condition, `${name} on ${other}`).to.equal(oneShots.includes(other) ? 'service_completed_successfully' : 'service_healthy');
      }
    }
    for (const name of ['api', 'worker', 'effects']) expect(services[name]?.depends_on, name).to.include.keys('migrate');
  });

  it("publishes loopback ports only, and neither PostgreSQL nor Temporal's gRPC", () => {
    const published = Object.entries(services).flatMap(([name, { ports }]) => (ports ?? []).map((port) => [name, filled(port)] as const));
    for (const [name, port] of published) expect(port, name).to.match(/^127\.0\.0\.1:\d+:\d+$/);
    expect(published.map(([name]) => name)).to.have.members(['api', 'temporal-ui', 'mail']);
  });

  it('gives the programs variables that src/config.ts reads, and all that it requires', () => {
    const read = new Set(
      Array.from(`${file('src/config.ts')}${file('src/calendar-config.ts')}`.matchAll(/^ {2}([A-Z][A-Z_]+): /gm), ([, name]) => name),
    );
    expect(read).to.include('DATABASE_URL').and.to.include('SMTP_URL');
    for (const name of programs) {
      const environment = environmentOf(name, secrets);
      for (const key of Object.keys(environment)) expect(read, `${name} is given ${key}`).to.include(key);
      expect(() => readConfig(environment), name).not.to.throw();
    }
    const [api, worker, effects] = ['api', 'worker', 'effects'].map((name) => readConfig(environmentOf(name, secrets)));
    expect([worker?.worker.role, effects?.worker.role]).to.deep.equal(['deciding', 'effects']);
    expect([api?.api.host, worker?.worker.host], 'reached from outside the container').to.deep.equal(['0.0.0.0', '0.0.0.0']);
    expect(services.api?.ports?.[0], 'the published port is the one listened on').to.match(new RegExp(`:${api?.api.port}$`));
    for (const [name, port] of [
      ['api', api?.api.port],
      ['worker', worker?.worker.port],
      ['effects', effects?.worker.port],
    ])
      expect(services[name!]?.healthcheck?.test.join(' ')).to.include(`:${port}/readyz`);
  });

  it('starts programs that exist', () => {
    for (const name of programs) {
      const [node, path = ''] = services[name]?.command ?? [];
      expect(node).to.equal('node');
      expect(existsSync(new URL(`../../${path}`, import.meta.url)), path).to.equal(true);
    }
  });

  it('mounts files that exist and volumes that are declared', () => {
    for (const [name, service] of Object.entries(services)) {
      for (const mount of service.volumes ?? []) {
        const source = mount.split(':')[0]!;
        if (source.startsWith('.')) expect(existsSync(new URL(`../../${source}`, import.meta.url)), `${name}: ${source}`).to.equal(true);
        else expect(volumes, name).to.have.property(source);
      }
    }
  });

  it('makes the databases in a process of its own: the image sources a script that it may not execute', () => {
    expect(statSync(new URL('../../deploy/postgres/create-databases.sh', import.meta.url)).mode & 0o111).not.to.equal(0);
  });

  it('tells a Temporal server on all addresses how it reaches itself, without which it does not start', () => {
    expect(services.temporal?.environment).to.include({ BIND_ON_IP: '0.0.0.0', TEMPORAL_BROADCAST_ADDRESS: '127.0.0.1' });
  });

  it('explains every variable in .env.example, with the same default, and demands the secrets', () => {
    const used = Array.from(text.matchAll(variable), ([, name = '', kind = '', rest = '']) => ({ name, kind, rest }));
    expect([...new Set(used.map(({ name }) => name))]).to.have.members([...example.keys()]);
    for (const { name, kind, rest } of used) {
      if (requiredByOperator.includes(name)) expect([kind, example.get(name)], `${name} has no default`).to.deep.equal(['?', '']);
      else expect([kind, rest], name).to.deep.equal(['-', example.get(name)]);
    }
  });

  it('gives the programs longer to drain than they take', () => {
    const seconds = (name: string) => Number(/^(\d+)s$/.exec(services[name]?.stop_grace_period ?? '')?.[1]);
    const drainMs = Number(/drainMs = ([\d_]+)/.exec(file('src/api.ts'))?.[1]?.replaceAll('_', ''));
    const forceSeconds = Number(/shutdownForceTime: '(\d+)s'/.exec(file('src/queue-workers.ts'))?.[1]);
    expect(seconds('api')).to.be.above(drainMs / 1000);
    expect(seconds('worker')).to.be.above(forceSeconds);
  });

  it('bounds every log', () => {
    for (const [name, { logging }] of Object.entries(services)) expect(logging?.options, name).to.include.keys('max-size', 'max-file');
  });

  it('asks PostgreSQL for enough connections', () => {
    const most = Number(/max_connections=(\d+)/.exec(services.postgres?.command?.join(' ') ?? '')?.[1]);
    const ours = (1 + Number(example.get('WORKERS'))) * Number(example.get('DATABASE_POOL_SIZE'));
    expect(most).to.be.at.least(120 + ours + 20);
  });
});
