import type { Logger as SdkLogger, LogLevel } from '@temporalio/worker';
import type { Logger } from 'pino';

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const satisfies Record<LogLevel, string>;

/** Only fields that hold ids, counts or names get through: an SDK log line may carry an error whose text names a value. */
const passed = [
  'workflowId',
  'runId',
  'workflowType',
  'activityId',
  'activityType',
  'taskQueue',
  'attempt',
  'namespace',
  'sdkComponent',
  'appointmentId',
  'durationMs',
];

/** The SDK's log lines, through our own JSON logger. */
export function sdkLogger(log: Logger): SdkLogger {
  const write = (level: LogLevel, message: string, meta: Record<string, unknown> = {}) => {
    const fields = Object.fromEntries(passed.flatMap((name) => (name in meta ? [[name, meta[name]]] : [])));
    const { error } = meta;
    log[levels[level]]({ ...fields, ...(error instanceof Error && { error: error.name }) }, message);
  };
  return {
    log: write,
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('DEBUG', message, meta),
    // The effects queue has no workflows, on purpose.
    warn: (message, meta) => write(message.startsWith('No workflows registered') ? 'DEBUG' : 'WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  };
}
