/** `npm ci`, when what is installed is not what the lockfile says. Plain JavaScript without dependencies, like the bootstrap. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { takeLock } from './lock.mjs';

/** An installation that failed, told in a sentence for people. */
export class InstallError extends Error {}

/** A file's text, or null when it cannot be read. */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** True when npm's own record of the last finished install names every package of the lockfile in its version. */
export function isInstalled(root) {
  const record = read(join(root, 'node_modules', '.package-lock.json'));
  if (record === null) return false;
  const have = JSON.parse(record).packages;
  return Object.entries(JSON.parse(read(join(root, 'package-lock.json')) ?? '{"packages":{}}').packages).every(([path, wanted]) => {
    if (path === '') return true;
    // Binaries of other platforms are in the lockfile and rightly not on this disk.
    if (have[path] === undefined) return Boolean(wanted.optional || wanted.devOptional);
    return have[path].version === wanted.version && have[path].integrity === wanted.integrity;
  });
}

/** The limit for one installation. */
function limitMs() {
  const text = process.env.PUNCTUAL_INSTALL_MINUTES ?? '15';
  const minutes = Number(text);
  if (!(minutes > 0)) throw new InstallError(`PUNCTUAL_INSTALL_MINUTES must be a number of minutes, not "${text}".`);
  return minutes * 60_000;
}

/** Shows that time passes: one line rewritten on a terminal, a line every 15 s elsewhere. Returns what ends it. */
function progress(label) {
  const start = Date.now();
  const tty = process.stderr.isTTY;
  const draw = () => {
    const text = `${label} … ${Math.round((Date.now() - start) / 1000)} s`;
    process.stderr.write(tty ? `\r\x1b[K${text}` : `${text}\n`);
  };
  draw();
  const timer = setInterval(draw, tty ? 1000 : 15_000);
  return () => {
    clearInterval(timer);
    if (tty) process.stderr.write('\r\x1b[K');
  };
}

/** The npm to run, and the PATH on which it finds a Node that it will not delete while running. */
function npmCommand() {
  const { npm_execpath: script, npm_node_execpath: node } = process.env;
  const inside = (path) => path.includes(`${join('node_modules', '.bin')}`) || path.includes(join('node_modules', 'node', 'bin'));
  if (script?.endsWith('npm-cli.js') && node && !inside(node)) return [node, script];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
}

/** Runs `npm ci`, silent unless it fails. */
function npmCi(root, path) {
  const [command, ...first] = npmCommand();
  // Development dependencies are what these two commands need, also where NODE_ENV says "production".
  const args = [...first, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  // A process group of its own, so that the scripts npm starts can be ended with it.
  const child = spawn(command, args, { cwd: root, env: { ...process.env, PATH: path }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const end = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      /* it has ended */
    }
  };
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output = (output + chunk).slice(-20_000);
    });
  return new Promise((done, fail) => {
    let why = '';
    let interrupted = false;
    const limit = setTimeout(() => {
      why = ` within ${limitMs() / 60_000} minutes (PUNCTUAL_INSTALL_MINUTES sets the limit)`;
      end('SIGTERM');
      setTimeout(end, 5000, 'SIGKILL').unref();
    }, limitMs());
    const onSignal = () => {
      interrupted = true;
      end('SIGTERM');
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
    const settle = (problem) => {
      clearTimeout(limit);
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      if (interrupted) fail(new InstallError('The installation was interrupted.'));
      else if (problem === null) done();
      else
        fail(
          new InstallError(
            `${output.trim().split('\n').slice(-15).join('\n')}\nThe dependencies could not be installed: ${problem}${why}.`,
          ),
        );
    };
    child.on('error', (error) => settle(`npm did not start (${error.message})`));
    child.on('close', (code, signal) =>
      settle(code === 0 ? null : why ? '"npm ci" did not finish' : `"npm ci" ended with ${code ?? signal}`),
    );
  });
}

/** Installs the dependencies when they are missing or differ from the lockfile; `path` must not contain our own node_modules/.bin. */
export async function installIfNeeded(root, path) {
  if (isInstalled(root)) return;
  let waiting = () => {};
  // Two `npm ci` in one folder delete each other's files.
  const release = await takeLock(join(root, '.punctual', 'install.lock'), limitMs() + 60_000, () => {
    waiting = progress('Waiting for another installation in this folder');
  });
  waiting();
  try {
    if (isInstalled(root)) return; // someone else did it while we waited
    const done = progress('Installing dependencies (npm ci)');
    try {
      await npmCi(root, path);
    } finally {
      done();
    }
    if (!isInstalled(root))
      throw new InstallError('"npm ci" ended well, yet node_modules does not match package-lock.json: delete node_modules and try again.');
  } finally {
    release();
  }
}
