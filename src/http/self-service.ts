/**
 * The pages behind customers' links. Looking never changes anything, since mail programs follow links by themselves; the button does. The
 * token in the address is all that is needed and no cookie is set, so no other site can act in a customer's name.
 */
import express, { type Express, type Request, type Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import { findAppointment } from '../db/appointment.ts';
import { findLinked } from '../db/self-service.ts';
import { isAlive } from '../domain/link.ts';
import { renderDeadPage, renderPage } from '../domain/page.ts';
import { pageTextsFor } from '../domain/page-texts.ts';
import { parseInstant } from '../domain/time.ts';
import { createChanges } from './changing.ts';
import type { HttpDeps } from './deps.ts';
import { createOffers } from './offer.ts';
import { pageHeaders } from './page-headers.ts';
import { createForms, dayOf, wished } from './self-service-form.ts';
import { Refused, refusalOf, standingOf, toRefusal, visitOf, type Asked } from './self-service-view.ts';

const who = { actor: 'customer', by: 'customer', source: 'link' } as const;

export function mountSelfService(app: Express, deps: HttpDeps): void {
  const { orm, now, log } = deps;
  const change = createChanges(deps);
  const offers = createOffers(deps);
  const formOf = createForms(deps);

  app.use(
    '/visit',
    (_request, response, next) => {
      // The address holds a token, which belongs into no metric.
      response.locals.route = '/visit/:token';
      next();
    },
    rateLimit({ windowMs: 60_000, limit: 60, standardHeaders: 'draft-8', legacyHeaders: false }),
  );

  app.get('/visit/:token', async (request, response) => {
    const asked = await find(request.params.token);
    if (!asked) return dead(request, response);
    const refusal = refusalOf(asked, now().getTime());
    const form = refusal ? undefined : await formOf(asked, request.query);
    const page = { purpose: asked.linked.purpose, visit: visitOf(asked), ...(refusal && { refusal }), ...(form && { form }) };
    answer(response, 200, renderPage(asked.texts, page));
  });

  app.post('/visit/:token', express.urlencoded({ extended: false, limit: '4kb', parameterLimit: 10 }), async (request, response) => {
    const { token } = request.params;
    const asked = await find(token);
    if (!asked) return dead(request, response);
    const body = (request.body ?? {}) as Record<string, unknown>;
    try {
      await perform(asked, body);
      const linked = (await findLinked(orm.em.fork(), token)) ?? asked.linked;
      answer(response, 200, renderPage(asked.texts, { purpose: linked.purpose, visit: visitOf({ ...asked, linked }), done: true }));
    } catch (error) {
      const [refusal, status] = toRefusal(error);
      if (status >= 500) log.warn({ requestId: response.locals.requestId as string, refusal }, 'a link could not be followed');
      const mayTryAgain = refusal === 'slot_taken' || refusal === 'choose' || status >= 500;
      const form = mayTryAgain ? await formOf(asked, { any: body.any, from: dayOf(body.startsAt, asked.linked.shopTimeZone) }) : undefined;
      const page = { purpose: asked.linked.purpose, visit: visitOf(asked), refusal, ...(form && { form }) };
      answer(response, status, renderPage(asked.texts, page));
    }
  });

  /** What the link stands for, or null when it no longer works. */
  async function find(token: string): Promise<Asked | null> {
    const linked = /^[\w-]{43}$/.test(token) ? await findLinked(orm.em.fork(), token) : null;
    const found = linked && (await findAppointment(orm.em.fork(), linked.networkId, linked.appointmentId));
    if (!linked || !found) return null;
    const { policy, shopId, parts } = found;
    if (!isAlive(linked.purpose, standingOf({ linked, policy }), now().getTime())) return null;
    const visit = {
      wishes: parts.map(({ serviceId, barberId }) => ({ serviceId, barberId })),
      sameBarber: new Set(parts.map(({ barberId }) => barberId)).size === 1,
    };
    return { linked, policy, shopId, visit, texts: pageTextsFor(linked.locale, linked.shopLocale) };
  }

  /** What the button does. @throws Refused, and what a change throws. */
  async function perform(asked: Asked, body: { startsAt?: unknown; any?: unknown }): Promise<void> {
    const {
      linked: { purpose, networkId, appointmentId },
      shopId,
    } = asked;
    switch (purpose) {
      case 'view':
        return;
      case 'confirm_attendance':
      case 'cancel':
        await change(networkId, appointmentId, {
          action: purpose,
          ...who,
          ...(purpose === 'cancel' && { reason: 'customer_asked' as const }),
        });
        return;
      case 'reschedule': {
        const startsAt = typeof body.startsAt === 'string' ? parseInstant(body.startsAt) : null;
        if (startsAt === null) throw new Refused('choose');
        await change(networkId, appointmentId, {
          action: 'reschedule',
          to: { shopId, visit: wished(asked, body.any === '1'), startsAt: new Date(startsAt).toISOString() },
          ...who,
        });
        return;
      }
      case 'accept_offer':
        await offers.accept(networkId, appointmentId, who);
        return;
      case 'decline_offer':
        await offers.decline(networkId, appointmentId, who);
    }
  }

  function answer(response: Response, status: number, html: string): void {
    response.status(status).set(pageHeaders).type('html').send(html);
  }
  const dead = (request: Request, response: Response) =>
    answer(response, 410, renderDeadPage(pageTextsFor(request.acceptsLanguages('pt', 'en') || 'pt', 'pt')));
}
