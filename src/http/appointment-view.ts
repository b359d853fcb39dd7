/** What callers see of an appointment: instants in UTC, and the wall times of shop and customer with their zones named. */
import { z } from 'zod';
import type { Booked, BookedPart, FreeSlot, Refusal } from '../domain/outcome.ts';
import type { AppointmentView, RequestView } from '../db/appointment.ts';
import { statuses } from '../domain/appointment.ts';
import { policyText } from '../domain/policy-texts.ts';
import { policyOf, type BookingPolicy } from '../domain/policy.ts';
import { MINUTE, toUtc, toWall } from '../domain/time.ts';
import { appointmentWorkflowId } from '../../workflows/messages.ts';

const wall = z
  .object({ timeZone: z.string(), startsAt: z.string(), endsAt: z.string() })
  .meta({ description: 'Wall-clock times with offset, and the zone they are in.' });

const part = z
  .object({
    serviceId: z.string(),
    barberId: z.string(),
    startsAt: z.string(),
    endsAt: z.string(),
    priceCents: z.int(),
    chosen: z
      .object({
        rule: z.enum(['asked', 'least_booked', 'same_barber', 'unknown']),
        bookedMinutes: z.int().optional(),
        among: z.int().optional(),
      })
      .meta({
        description:
          'How the barber was found. Of least_booked: the minutes claimed on that day when he was chosen, and how many barbers were free.',
      }),
  })
  .meta({ id: 'AppointmentPart' });

export const appointmentAnswer = z
  .object({
    id: z.string(),
    status: z.enum(statuses),
    version: z.int(),
    shopId: z.string(),
    serviceId: z.string(),
    barberId: z.string(),
    startsAt: z.string(),
    endsAt: z.string(),
    shopTime: wall,
    customerTime: wall,
    parts: z
      .array(part)
      .meta({ description: 'The services of the visit, in order. Service, barber and start above are those of the first.' }),
    priceCents: z.int(),
    currency: z.string(),
    policy: z
      .object({
        cancelUntil: z.string(),
        lateCancel: z.enum(['count', 'refuse']),
        rescheduleUntil: z.string(),
        noShowGraceMinutes: z.int().nullable(),
        text: z.object({ en: z.string(), pt: z.string() }),
      })
      .meta({ description: 'What it was booked under: until when a customer may cancel and move it, and that in words.' }),
    decideBy: z
      .string()
      .nullable()
      .meta({
        description:
          'Of a hold or a request: until when it is to be confirmed or approved. ' +
          'Of a visit that cannot take place as booked: until when the customer is to choose.',
      }),
    ended: z
      .object({ by: z.string().nullable(), reason: z.string().nullable(), late: z.boolean() })
      .nullable()
      .meta({ description: 'Of what is over: on whose behalf, why, and whether it counts as a late cancellation.' }),
    workflowId: z.string(),
    warnings: z
      .array(z.object({ code: z.literal('calendar_unseen'), barberId: z.string() }))
      .exactOptional()
      .meta({
        description:
          'In the answer to a booking alone, where the shop wants to be warned (`blindCalendar`): ' +
          "the barber's own calendar has not been seen for too long, so he may be busy.",
      }),
  })
  .meta({ id: 'Appointment' });

const slot = z.object({ barberId: z.string(), startsAt: z.string(), endsAt: z.string() }).meta({ id: 'FreeSlot' });
export const pendingBody = z
  .object({ id: z.string(), status: z.literal('pending'), shopId: z.string(), serviceId: z.string(), startsAt: z.string() })
  .meta({ id: 'PendingBooking' });
export const refusedBody = z
  .object({
    id: z.string(),
    status: z.literal('refused'),
    shopId: z.string(),
    serviceId: z.string(),
    startsAt: z.string(),
    code: z.string(),
    nearest: z.array(slot),
  })
  .meta({ id: 'RefusedBooking' });

type Shown = Pick<
  AppointmentView,
  | 'policy'
  | 'decideBy'
  | 'endedBy'
  | 'endReason'
  | 'cancelledLate'
  | 'id'
  | 'shopId'
  | 'serviceId'
  | 'barberId'
  | 'status'
  | 'version'
  | 'startsAt'
  | 'endsAt'
  | 'shopTimeZone'
  | 'customerTimeZone'
  | 'priceCents'
  | 'currency'
  | 'parts'
>;

/** Field by field: what was stored as JSON comes back in another order, and a repeated answer must be the same to the byte. */
function partBody({ serviceId, barberId, startsAt, endsAt, priceCents, chosen }: BookedPart) {
  const why =
    chosen.rule === 'least_booked'
      ? { rule: chosen.rule, bookedMinutes: chosen.bookedMinutes, among: chosen.among }
      : { rule: chosen.rule };
  return { serviceId, barberId, startsAt: toUtc(Date.parse(startsAt)), endsAt: toUtc(Date.parse(endsAt)), priceCents, chosen: why };
}

export function appointmentBody(shown: Shown) {
  const startsAt = Date.parse(shown.startsAt);
  const endsAt = Date.parse(shown.endsAt);
  const inZone = (zone: string) => ({ timeZone: zone, startsAt: toWall(startsAt, zone).iso, endsAt: toWall(endsAt, zone).iso });
  return {
    id: shown.id,
    status: shown.status,
    version: shown.version,
    shopId: shown.shopId,
    serviceId: shown.serviceId,
    barberId: shown.barberId,
    startsAt: toUtc(startsAt),
    endsAt: toUtc(endsAt),
    parts: shown.parts.map(partBody),
    shopTime: inZone(shown.shopTimeZone),
    customerTime: inZone(shown.customerTimeZone),
    priceCents: shown.priceCents,
    currency: shown.currency,
    policy: policyBody(shown.policy, startsAt),
    decideBy: shown.decideBy === null ? null : toUtc(Date.parse(shown.decideBy)),
    ended: shown.endedBy === null ? null : { by: shown.endedBy, reason: shown.endReason, late: shown.cancelledLate },
    workflowId: appointmentWorkflowId(shown.id),
  };
}

function policyBody(policy: BookingPolicy, startsAt: number) {
  const { cancelCutoffMinutes, lateCancel, rescheduleCutoffMinutes, noShowGraceMinutes } = policy;
  return {
    cancelUntil: toUtc(startsAt - cancelCutoffMinutes * MINUTE),
    lateCancel,
    rescheduleUntil: toUtc(startsAt - rescheduleCutoffMinutes * MINUTE),
    noShowGraceMinutes,
    text: { en: policyText(policy, 'en'), pt: policyText(policy, 'pt') },
  };
}

/** The answer to the booking itself: the appointment as it was then, whatever became of it since. */
export function bookedBody(booked: Booked, rest: Pick<Shown, 'id' | 'shopId' | 'serviceId' | 'customerTimeZone'>) {
  const { ok: _, parts, ...won } = booked;
  const { id, shopId, serviceId, customerTimeZone } = rest;
  const { barberId, startsAt, endsAt, priceCents } = won;
  // An outcome of before visits had parts is all one part.
  const whole = { serviceId, barberId, startsAt, endsAt, priceCents, chosen: { rule: 'unknown' } as const };
  const body = appointmentBody({
    id,
    shopId,
    serviceId,
    customerTimeZone,
    ...won,
    parts: parts ?? [whole],
    policy: policyOf(booked.policy ?? {}),
    decideBy: booked.decideBy ?? null,
    endedBy: null,
    endReason: null,
    cancelledLate: false,
  });
  return {
    ...body,
    ...(booked.unseen && { warnings: booked.unseen.map((barber) => ({ code: 'calendar_unseen' as const, barberId: barber })) }),
  };
}

/** The free times that a refusal offers instead. */
export const refusalMembers = (refusal: Refusal) => ({ nearest: slotsBody(refusal.nearest) });

export function slotsBody(slots: FreeSlot[]) {
  const utc = (text: string) => toUtc(Date.parse(text));
  return slots.map((free) => ({ barberId: free.barberId, startsAt: utc(free.startsAt), endsAt: utc(free.endsAt) }));
}

/** A request without an appointment: pending, or refused. */
export function requestBody(request: RequestView) {
  const { id, shopId, serviceId, outcome } = request;
  const startsAt = toUtc(Date.parse(request.startsAt));
  if (outcome && !outcome.ok) return { id, status: 'refused', shopId, serviceId, startsAt, code: outcome.code, ...refusalMembers(outcome) };
  return { id, status: 'pending', shopId, serviceId, startsAt };
}
