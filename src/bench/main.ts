/**
 * `npm run bench`: all benchmarks, or the one that is named: `npm run bench -- bookings`, `-- effects`, `-- calendars`, `-- availability`.
 * Each runs on servers of its own in a folder of its own.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchAvailability } from './availability-bench.ts';
import { benchBookings } from './bookings-bench.ts';
import { benchCalendars } from './calendars-bench.ts';
import { benchEffects } from './effects-bench.ts';

const benches: Record<string, (folder: string) => Promise<void>> = {
  bookings: benchBookings,
  effects: benchEffects,
  calendars: benchCalendars,
  availability: benchAvailability,
};
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !Object.hasOwn(benches, name));
if (unknown !== undefined) {
  console.error(`There is no benchmark "${unknown}"; there are: ${Object.keys(benches).join(', ')}.`);
  process.exit(2);
}

console.log(`Benchmark on ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}.`);
let failed = false;
for (const name of asked.length > 0 ? asked : Object.keys(benches)) {
  const folder = mkdtempSync(join(tmpdir(), 'punctual-bench-'));
  chmodSync(folder, 0o711);
  try {
    await benches[name]!(folder);
  } catch (error) {
    console.error(error);
    failed = true;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
process.exit(failed ? 1 : 0);
