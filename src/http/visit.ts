/** What a visit is made of, as bookings and questions about free times name it. */
import { z } from 'zod';
import type { BookingFacts, Missing } from '../db/booking-facts.ts';
import { lengthOf, visitOf, type Visit } from '../domain/rules.ts';
import { Problem } from '../errors.ts';
import { uuid } from './schemas.ts';

/** At most so many services in one visit. */
export const mostServices = 6;

export const wishedServices = z
  .array(z.strictObject({ serviceId: uuid, barberId: uuid.optional() }))
  .min(1)
  .max(mostServices)
  .meta({ description: 'Several services in one visit, back to back in this order, all or none; in place of serviceId and barberId.' });

export const sameBarber = z
  .boolean()
  .meta({ description: 'With services: true (the default) has one barber give all of them, false allows a chain of barbers.' });

/** The same in a query, which has no objects: `service,service:barber`. */
export const servicesText = z
  .string()
  .transform((text, context) => {
    const parts = text.split(',').map((part) => part.split(':'));
    const faulty = parts.length > mostServices || parts.some((ids) => ids.length > 2 || ids.some((id) => !uuid.safeParse(id).success));
    if (faulty)
      context.addIssue({
        code: 'custom',
        message: `must be up to ${mostServices} ids of services by comma, each with :barberId behind it if a barber is wished`,
      });
    return parts.map(([serviceId = '', barberId]) => ({ serviceId: serviceId.toLowerCase(), barberId: barberId?.toLowerCase() }));
  })
  .meta({
    type: 'string',
    description:
      'Several services in one visit, in order: ids by comma, each with :barberId behind it if a barber is wished; ' +
      'in place of serviceId and barberId.',
  });

export const yesOrNo = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((value) => value === 'true')
  .meta({ type: 'string', enum: ['true', 'false'] });

export type Wished = {
  serviceId?: string | undefined;
  barberId?: string | undefined;
  services?: { serviceId: string; barberId?: string | undefined }[] | undefined;
  sameBarber?: boolean | undefined;
};

/** What is wrong with how a visit is named, if anything: one form or the other, and no two barbers for one. */
function visitFault({ serviceId, barberId, services, sameBarber: same }: Wished): { path: (string | number)[]; message: string } | null {
  if ((serviceId === undefined) === (services === undefined)) return { path: ['serviceId'], message: 'send either serviceId or services' };
  if (services === undefined) return same === undefined ? null : { path: ['sameBarber'], message: 'goes with services' };
  if (barberId !== undefined) return { path: ['barberId'], message: 'belongs into services, beside each serviceId' };
  const named = new Set(services.flatMap((each) => each.barberId ?? []));
  return same !== false && named.size > 1
    ? { path: ['services'], message: 'names several barbers; send sameBarber false for a chain of barbers' }
    : null;
}

export function checkVisit(wished: Wished, context: z.RefinementCtx): void {
  const fault = visitFault(wished);
  if (fault) context.addIssue({ code: 'custom', ...fault });
}

export function toVisit({ serviceId, barberId, services, sameBarber: same }: Wished): Visit {
  if (!services) return visitOf(serviceId!, barberId ?? null);
  // One barber for all: naming him once is naming him.
  const sole = same === false ? undefined : services.find((each) => each.barberId !== undefined)?.barberId;
  return {
    wishes: services.map((each) => ({ serviceId: each.serviceId, barberId: each.barberId ?? sole ?? null })),
    sameBarber: same !== false,
  };
}

/** 404 with the field that names what is not there. `prefix` is "/" in a body, nothing in a query. */
export function notThere({ missing, id }: Missing, visit: Visit, isList: boolean, prefix: '/' | ''): Problem {
  const index = visit.wishes.findIndex((wish) => wish[missing === 'barberId' ? 'barberId' : 'serviceId'] === id);
  const path = missing === 'shopId' || !isList ? `${prefix}${missing}` : prefix ? `/services/${index}/${missing}` : 'services';
  return new Problem('not_found', { faults: [{ path, message: 'is not known in this network, or not there' }] });
}

/**
 * Throws 400 for services that cannot be one visit: a visit has one price, and lasts a day at most, which is as far as its facts are read.
 */
export function requireOneVisit({ services, candidates }: BookingFacts, visit: Visit, path: string): void {
  const refuse = (message: string) => new Problem('invalid_request', { faults: [{ path, message }] });
  if (new Set(services.map(({ currency }) => currency)).size > 1) throw refuse('are priced in different currencies; book them apart');
  const offers = candidates.flatMap((candidate) => candidate.offers);
  const longest = (id: string): number =>
    Math.max(0, ...offers.filter(({ serviceId }) => serviceId === id).map(({ segments }) => lengthOf(segments)));
  if (visit.wishes.reduce((sum, { serviceId }) => sum + longest(serviceId), 0) > 1440)
    throw refuse('last longer than a day together; book them apart');
}
