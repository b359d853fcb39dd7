/**
 * What `npm start` and `npm test` run first: `bootstrap.mjs <program.ts> [args…]`.
 * It makes sure that the dependencies are there, finds a Node that can run the program, and hands over to it.
 * It is plain JavaScript without dependencies, because it must run on Node 20.19 with an empty node_modules.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join, resolve, sep } from 'node:path';
import { installIfNeeded, InstallError } from './install.mjs';

const root = resolve(import.meta.dirname, '../..');
const bin = join(root, 'node_modules', '.bin');
const windows = process.platform === 'win32';

/** True when version `a` ("20.19.0") is at least `b`. */
function atLeast(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map((part) => Number.parseInt(part, 10)));
  for (let i = 0; i < right.length; i++) if (left[i] !== right[i]) return left[i] > right[i];
  return true;
}

/** Ends with one sentence on stderr. */
function refuse(sentence) {
  console.error(sentence);
  process.exit(1);
}

/** The PATH without this clone's own node_modules/.bin, which npm puts in front while it runs a script. */
function outerPath() {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && resolve(folder) !== bin)
    .join(delimiter);
}

/** Runs a Node and asks it: its version and whether it runs TypeScript files. Null when it does not run at all. */
function ask(node) {
  const probe = 'process.versions.node + " " + Boolean(process.features.typescript)';
  // Options meant for the program (an --inspect port, a flag of another version) must not decide whether the probe runs.
  const env = { ...process.env, PATH: outerPath(), NODE_OPTIONS: '' };
  const result = spawnSync(node, ['-p', probe], { encoding: 'utf8', env, timeout: 20_000 });
  const [version, typescript] = (result.stdout ?? '').trim().split(' ');
  return result.status === 0 && version ? { version, typescript: typescript === 'true' } : null;
}

/**
 * The Node that runs the program: the pinned one that npm installed, else the system's.
 * The pinned one is put there by an install script, so it is missing wherever npm is told to ignore scripts.
 */
function chooseNode() {
  const pinned = join(bin, windows ? 'node.cmd' : 'node');
  const outer = [process.env.npm_node_execpath, process.execPath, 'node'].filter(
    (path) => path && !path.startsWith(join(root, 'node_modules') + sep),
  );
  const seen = [];
  for (const node of [...(existsSync(pinned) ? [pinned] : []), ...outer]) {
    const answer = ask(node);
    if (answer === null) continue;
    if (atLeast(answer.version, '22.18') && answer.typescript) return node;
    seen.push(answer.version);
  }
  const found = seen.length > 0 ? `only Node ${[...new Set(seen)].join(' and ')} was found` : 'none was found';
  return refuse(
    `Punctual needs Node 22.18 or newer (24 is best) and ${found}: allow npm's install scripts so that it brings its ` +
      'own ("npm config set ignore-scripts false", then "npm ci"), or install Node 24.',
  );
}

/** Runs the program on that Node with our terminal, and ends as it ends. */
function run(node, program, args) {
  const env = { ...process.env, PATH: [bin, outerPath()].join(delimiter) };
  const child = spawn(node, [resolve(program), ...args], { stdio: 'inherit', env });
  const forwarded = new Set();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal's Ctrl-C reaches the child by itself, and npm sends it on to us once more: the child shall see it once.
      const fromTerminal = signal === 'SIGINT' && (process.stdin.isTTY || process.stdout.isTTY);
      if (!fromTerminal && !forwarded.has(signal)) child.kill(signal);
      forwarded.add(signal);
    });
  }
  // npm sends a SIGTERM on to the shell between it and us; many shells die of it without telling us.
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    if (forwarded.size === 0) child.kill('SIGTERM');
  }, 500).unref();
  if (!process.env.npm_lifecycle_event) clearInterval(watch); // without npm, outliving the parent may be meant
  child.on('error', (error) => refuse(`The program ${program} could not be started: ${error.message}.`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

const [program, ...args] = process.argv.slice(2);
if (!atLeast(process.versions.node, '20.19')) {
  refuse(`Punctual needs Node 20.19 or newer to install itself, and this is Node ${process.versions.node}.`);
}
if (program === undefined) refuse('Usage: node src/dev/bootstrap.mjs <program.ts> [args…]');
try {
  await installIfNeeded(root, outerPath());
} catch (error) {
  if (!(error instanceof InstallError)) throw error;
  refuse(error.message);
}
run(chooseNode(), program, args);
