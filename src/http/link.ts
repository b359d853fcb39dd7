/** What the desk does about customers' links: hand one out again, or kill them all. */
import { z } from 'zod';
import { findAppointment } from '../db/appointment.ts';
import { createLinks, revokeLinks } from '../db/self-service.ts';
import { isAlive, linkPurposes } from '../domain/link.ts';
import { Problem } from '../errors.ts';
import type { HttpDeps } from './deps.ts';
import { route, type Route } from './route.ts';
import { uuid } from './schemas.ts';

const params = z.strictObject({ id: uuid });

export function linkRoutes({ orm, config, now }: HttpDeps): Route[] {
  const links = createLinks(config);

  async function find(networkId: string, id: string) {
    const found = await findAppointment(orm.em.fork(), networkId, id);
    if (!found) throw new Problem('not_found');
    return found;
  }

  return [
    route({
      // The answer holds a secret, so it is made anew each time and kept nowhere.
      method: 'post',
      path: '/v1/appointments/:id/links',
      scope: 'manage',
      tag: 'Links',
      params,
      repeatable: true,
      summary: "Hand out a customer's link again",
      description:
        'The one that their mails have, for one purpose. It works as long as the appointment allows that. ' +
        'Repeating the request answers the same, with or without a key.',
      body: z.strictObject({ purpose: z.enum(linkPurposes) }),
      answers: {
        201: {
          description: 'Whoever has this address can do that one thing.',
          body: z.object({ purpose: z.enum(linkPurposes), url: z.string() }).meta({ id: 'Link' }),
        },
      },
      problems: ['invalid_request', 'not_found', 'not_allowed'],
      handle: async ({ caller: { networkId }, params: { id }, body: { purpose } }) => {
        const found = await find(networkId, id);
        const standing = {
          status: found.status,
          startsAt: Date.parse(found.startsAt),
          endsAt: Date.parse(found.endsAt),
          decideBy: found.decideBy === null ? null : Date.parse(found.decideBy),
        };
        if (!isAlive(purpose, standing, now().getTime())) throw new Problem('not_allowed', { detail: 'Such a link would not work now.' });
        const [link] = await links.issue(orm.em.fork(), { networkId, appointmentId: id }, [purpose]);
        return { status: 201, body: { ...link! } };
      },
    }),
    route({
      method: 'post',
      path: '/v1/appointments/:id/links/revoke',
      scope: 'manage',
      tag: 'Links',
      params,
      summary: 'Kill all links of an appointment',
      description: 'Those in mails that were sent, too; mails to come have others. Repeating it finds none.',
      answers: { 200: { description: 'How many worked until now.', body: z.object({ revoked: z.int() }) } },
      problems: ['not_found'],
      handle: async ({ caller: { networkId }, params: { id } }) => {
        await find(networkId, id);
        return { status: 200, body: { revoked: await revokeLinks(orm.em.fork(), { networkId, appointmentId: id }) } };
      },
    }),
  ];
}
