/** Entity tags of answers that are computed (RFC 9110, 8.8.3): made of what the answer depends on, and of the answer itself. */
import { createHash } from 'node:crypto';

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 22);

/** The first half changes whenever the answer might have, and is cheap to know; the second only when it did. */
export type EntityTag = { state: string; body: string };

export const stateTag = (state: string): string => digest(state);
export const bodyTag = (json: string): string => digest(json);
export const writeTag = ({ state, body }: EntityTag): string => `"${state}.${body}"`;

/** The tags of an If-None-Match header; what is not of our making is passed over. Weak comparison (RFC 9110, 13.1.2). */
export function readTags(header: string | undefined): EntityTag[] {
  return [...(header ?? '').matchAll(/(?:W\/)?"([\w-]{22})\.([\w-]{22})"/g)].map(([, state = '', body = '']) => ({ state, body }));
}

/** Whether an If-None-Match header names this tag, or anything that there is; weak comparison. Of tags that are one value alone. */
export const isNamed = (tag: string, header: string | undefined): boolean =>
  (header ?? '')
    .split(',')
    .map((each) => each.trim())
    .some((each) => each === '*' || each.replace(/^W\//, '') === tag);
