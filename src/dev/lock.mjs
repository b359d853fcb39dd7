/** A lock between processes: a folder, since making one is atomic everywhere. Plain JavaScript, because the bootstrap uses it. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The process that wrote the lock, 0 while it has not written its id yet. */
function holder(lock) {
  try {
    return Number(readFileSync(join(lock, 'pid'), 'utf8'));
  } catch {
    return 0;
  }
}

/** True while the process that made this lock may still be at work. */
function isHeld(lock, maxAgeMs) {
  let ageMs;
  try {
    ageMs = Date.now() - statSync(lock).mtimeMs;
  } catch {
    return false;
  }
  const pid = holder(lock);
  if (pid === 0) return ageMs < 5000; // between making the folder and writing the id
  if (ageMs > maxAgeMs) return false; // the id may belong to another process by now
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Waits until the lock is ours and returns what gives it back; a lock whose holder died, or is older than `maxAgeMs`, is taken over. */
export async function takeLock(lock, maxAgeMs, onWait, signal) {
  mkdirSync(dirname(lock), { recursive: true });
  for (let waits = 0; ; waits++) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isHeld(lock, maxAgeMs)) {
      if (waits === 0) onWait();
      await sleep(500, undefined, { signal });
      continue;
    }
    // Only one of several waiting processes can rename the stale folder; the others find it gone and try again.
    const stale = `${lock}.${process.pid}`;
    try {
      renameSync(lock, stale);
      rmSync(stale, { recursive: true, force: true });
    } catch {
      await sleep(100);
    }
  }
  writeFileSync(join(lock, 'pid'), String(process.pid));
  const release = () => {
    process.off('exit', release);
    if (holder(lock) === process.pid) rmSync(lock, { recursive: true, force: true });
  };
  process.on('exit', release);
  return release;
}
