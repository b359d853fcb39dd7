/** What all edits of rules have in common over HTTP: `dryRun`, and an answer that names the appointments hit. */
import { z } from 'zod';
import type { Edited, EditOptions } from '../db/rule-edit.ts';
import { toUtc } from '../domain/time.ts';
import type { ProblemCode } from '../errors.ts';
import { ifMatchHeader } from './if-match.ts';
import type { Answer } from './route.ts';

export const dryRunQuery = z.strictObject({
  dryRun: z
    .enum(['true', 'false'], 'must be true or false')
    .default('false')
    .transform((value) => value === 'true')
    .meta({
      type: 'string',
      enum: ['true', 'false'],
      default: 'false',
      description: 'With true, nothing is changed: the answer is what it would be.',
    }),
});

const hits = {
  dryRun: z.boolean(),
  appointmentsHit: z
    .array(
      z.object({
        appointmentId: z.string(),
        shopId: z.string(),
        serviceId: z.string(),
        barberId: z.string(),
        startsAt: z.string(),
        endsAt: z.string(),
        code: z.string(),
      }),
    )
    .meta({
      description:
        'The first 1,000 by start: the parts of visits that the new rules refuse, each with the rule. ' +
        'What was refused by the same rule before is not among them.',
    }),
  appointmentsHitTotal: z.int().meta({ description: 'All of them.' }),
};

/** The record with what the edit hits: booked visits that its rules would refuse. They stay as they are until a person moves them. */
export const editedAnswer = (record: z.ZodObject) => record.extend(hits);
/** Of an edit that leaves no record. */
export const hitsAnswer = z.object(hits).meta({ id: 'AppointmentsHit' });

const etag = { ETag: 'The version; a dry run leaves none.' };
const problems: ProblemCode[] = ['invalid_request', 'not_found', 'precondition_failed', 'precondition_required'];

/** What a PUT of a rule declares; `record` is the schema of what it answers. */
export const putOf = (record: z.ZodObject) => ({
  query: dryRunQuery,
  headers: ifMatchHeader,
  problems,
  answers: { 200: { description: 'As it is now, and the booked visits that this hits.', body: editedAnswer(record), headers: etag } },
});
/** What a POST of a rule declares. */
export const postOf = (record: z.ZodObject) => ({
  query: dryRunQuery,
  problems: ['invalid_request', 'not_found'] satisfies ProblemCode[],
  answers: {
    200: { description: 'Of a dry run: as it would be, and the booked visits that this would hit.', body: editedAnswer(record) },
    201: {
      description: 'Added, and the booked visits that this hits.',
      body: editedAnswer(record),
      headers: { ...etag, Location: 'Where it is.' },
    },
  },
});
/** What a DELETE of a rule declares. */
export const deleteOf = {
  query: dryRunQuery,
  headers: ifMatchHeader,
  problems,
  answers: { 200: { description: 'Gone, and the booked visits that this hits.', body: hitsAnswer } },
};

const hitMembers = ({ dryRun, appointmentsHit, appointmentsHitTotal }: Edited<unknown>) => ({
  dryRun,
  appointmentsHit: appointmentsHit.map((hit) => ({
    ...hit,
    startsAt: toUtc(Date.parse(hit.startsAt)),
    endsAt: toUtc(Date.parse(hit.endsAt)),
  })),
  appointmentsHitTotal,
});

/** Answers an edit: the record as `show` puts it, its version as ETag (not of a dry run, which leaves none), and the hits. */
export function editedBody<T extends { version: number }>(edited: Edited<T>, show: (record: T) => object, status = 200): Answer {
  return {
    status: edited.dryRun ? 200 : status,
    body: { ...show(edited.record), ...hitMembers(edited) },
    headers: edited.dryRun ? {} : { ETag: `"${edited.record.version}"` },
  };
}

export const hitsBody = (edited: Edited<unknown>): Answer => ({ status: 200, body: hitMembers(edited) });

export const editOptions = (now: () => Date, query: { dryRun: boolean }): EditOptions => ({ now: now(), dryRun: query.dryRun });
