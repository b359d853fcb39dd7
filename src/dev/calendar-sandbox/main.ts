/**
 * The calendar sandbox as a program: `node src/dev/calendar-sandbox/main.ts --port 1095 --folder .punctual`. It ends with SIGTERM or
 * Ctrl-C.
 */
import { parseArgs } from 'node:util';
import { startCalendarSandbox } from './start.ts';

const { values } = parseArgs({ options: { port: { type: 'string', default: '1095' }, folder: { type: 'string' } } });
const sandbox = await startCalendarSandbox({
  port: Number(values.port),
  ...(values.folder !== undefined && { runDir: values.folder }),
  log: (line) => process.stdout.write(`${line}\n`),
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void sandbox.stop());
