import { Problem } from '../errors.ts';

export const ifMatchHeader = { 'If-Match': { required: true, description: 'The version that was read, as the ETag gave it: "3".' } };

/** The version that an If-Match header names (RFC 9110, 13.1.1, strong tags only). Throws 428 without one. */
export function readIfMatch(header: string | undefined): number {
  if (header === undefined) throw new Problem('precondition_required');
  const [, version] = /^"?(\d{1,9})"?$/.exec(header.trim()) ?? [];
  if (version === undefined)
    throw new Problem('invalid_request', { faults: [{ path: 'If-Match', message: 'must be a version, such as "3"' }] });
  return Number(version);
}

/** Puts the record that a 412 carries into the shape that the API answers it in. */
export async function showCurrent<R>(show: (current: never) => unknown, change: Promise<R>): Promise<R> {
  return change.catch((error: unknown) => {
    const current = error instanceof Problem && error.code === 'precondition_failed' ? error.extras.members?.current : null;
    throw current ? new Problem('precondition_failed', { members: { current: show(current as never) } }) : error;
  });
}

export const versioned = <T extends { version: number }>(record: T, status = 200) => ({
  status,
  body: record,
  headers: { ETag: `"${record.version}"` },
});
