/** What bookings, holds and walk-ins say alike: what is wanted when, for whom, and which rules staff set aside. */
import { z } from 'zod';
import type { NewContact } from '../db/booking-request.ts';
import { reasons } from '../domain/appointment.ts';
import type { By } from '../domain/appointment.ts';
import type { Waiver } from '../domain/change.ts';
import { requireScope, type Caller } from './caller.ts';
import { email, instant, localDateTime, locale, personName, phone, timeZone, uuid } from './schemas.ts';
import { sameBarber, wishedServices } from './visit.ts';

export const wantedFields = {
  shopId: uuid,
  serviceId: uuid.optional(),
  barberId: uuid.optional(),
  services: wishedServices.optional(),
  sameBarber: sameBarber.optional(),
  startsAt: instant.optional(),
  localStart: localDateTime.optional(),
};
export const oneStart = (body: { startsAt?: number | undefined; localStart?: string | undefined }): boolean =>
  (body.startsAt === undefined) !== (body.localStart === undefined);
export const oneStartFault = { path: ['startsAt'], message: 'send either startsAt or localStart' };

export const newCustomer = z.strictObject({
  name: personName,
  email,
  phone: phone.optional(),
  timeZone: timeZone.optional(),
  locale: locale.optional(),
});

const waivable = [
  'too_soon',
  'too_far_ahead',
  'off_step',
  'shop_closed',
  'outside_working_hours',
  'on_break',
  'time_off',
  'barber_day_full',
  'customer_limit',
] as const;

export const reason = z.enum(reasons).meta({ description: 'One of a closed list, so that reasons can be counted.' });

/** Sent by staff, who are exempt from cut-offs and may set rules aside; time that is taken stays taken. */
export const asStaff = z.strictObject({ reason, waive: z.array(z.enum(waivable)).max(waivable.length).default([]) }).meta({
  description:
    'On behalf of the shop (needs the scope "manage"): exempt from cut-offs, approval and strikes; ' +
    '"waive" names the rules that are set aside. Who, what and why is recorded.',
});
export type AsStaff = z.output<typeof asStaff>;

/** Whether staff ask, which their key must allow. */
export function onBehalf(caller: Caller, staff: AsStaff | undefined): { by: By; waiver?: Waiver } {
  if (!staff) return { by: 'customer' };
  requireScope(caller, 'manage');
  return { by: 'staff', ...(staff.waive.length > 0 && { waiver: { codes: staff.waive, reason: staff.reason } }) };
}

type Given = {
  name?: string | undefined;
  email?: string | undefined;
  phone?: string | undefined;
  timeZone?: string | undefined;
  locale?: string | undefined;
};

/** Whoever walks in may stay nameless. */
export const toContact = (given: Given, zone: string, shopLocale: string): NewContact => ({
  name: given.name ?? '',
  email: given.email ?? null,
  phone: given.phone ?? null,
  timeZone: given.timeZone ?? zone,
  locale: given.locale ?? shopLocale,
});
