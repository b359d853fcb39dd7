/**
 * The pages behind customers' links. Looking never changes anything, since mail programs follow links by themselves; the button does. The
 * token in the address is all that is needed and no cookie is set, so no other site can act in a customer's name.
 */
import express, { type Express, type Request, type Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import { findAppointment } from '../db/appointment.ts';
import { readBookingFacts } from '../db/booking-facts.ts';
import { findLinked, type LinkedVisit } from '../db/self-service.ts';
import { nextSlots } from '../domain/availability.ts';
import { isLateToCancel, judgeAction } from '../domain/appointment.ts';
import { isAlive } from '../domain/link.ts';
import { renderDeadPage, renderPage, type Page, type PageForm } from '../domain/page.ts';
import { pageTextsFor, type PageRefusal, type PageTexts } from '../domain/page-texts.ts';
import { policyText } from '../domain/policy-texts.ts';
import type { BookingPolicy } from '../domain/policy.ts';
import type { Visit } from '../domain/rules.ts';
import { addDays, DAY, isLocalDate, parseInstant, startInstant, toUtc, toWall } from '../domain/time.ts';
import { Problem } from '../errors.ts';
import { createChanges } from './changing.ts';
import type { HttpDeps } from './deps.ts';
import { createOffers } from './offer.ts';
import { pageHeaders } from './page-headers.ts';
import { toProblem } from './problem.ts';

const daysShown = 7;
/** About so many times on a page: days are shown whole. */
const slotsShown = 40;
const mostSlots = 5000;
const who = { actor: 'customer', by: 'customer', source: 'link' } as const;

type Asked = { linked: LinkedVisit; policy: BookingPolicy; shopId: string; visit: Visit; texts: PageTexts };

export function mountSelfService(app: Express, deps: HttpDeps): void {
  const { orm, now, log } = deps;
  const change = createChanges(deps);
  const offers = createOffers(deps);

  /** What the link stands for, or null when it no longer works. */
  async function find(token: string): Promise<Asked | null> {
    const linked = /^[\w-]{43}$/.test(token) ? await findLinked(orm.em.fork(), token) : null;
    if (
      !linked ||
      !isAlive(
        linked.purpose,
        {
          ...linked,
          startsAt: Date.parse(linked.startsAt),
          endsAt: Date.parse(linked.endsAt),
          decideBy: linked.decideBy === null ? null : Date.parse(linked.decideBy),
        },
        now().getTime(),
      )
    )
      return null;
    const found = await findAppointment(orm.em.fork(), linked.networkId, linked.appointmentId);
    if (!found) return null;
    const visit = {
      wishes: found.parts.map(({ serviceId, barberId }) => ({ serviceId, barberId })),
      sameBarber: new Set(found.parts.map(({ barberId }) => barberId)).size === 1,
    };
    return { linked, policy: found.policy, shopId: found.shopId, visit, texts: pageTextsFor(linked.locale, linked.shopLocale) };
  }

  /** The barber is kept unless the customer widens the choice. */
  const wished = ({ visit }: Asked, any: boolean): Visit =>
    any ? { ...visit, wishes: visit.wishes.map(({ serviceId }) => ({ serviceId, barberId: null })) } : visit;

  async function formOf(asked: Asked, query: { from?: unknown; any?: unknown }): Promise<PageForm | undefined> {
    const {
      linked: { purpose, networkId, appointmentId, startsAt, shopTimeZone, status },
      policy,
      shopId,
      texts,
    } = asked;
    if (purpose === 'view') return undefined;
    if (purpose === 'cancel')
      return policy.lateCancel === 'count' && isLateToCancel({ status, startsAt: Date.parse(startsAt), policy }, now().getTime())
        ? { note: texts.lateCancel }
        : {};
    if (purpose !== 'reschedule') return {};
    const any = query.any === '1';
    const today = toWall(now().getTime(), shopTimeZone).date;
    const wanted =
      typeof query.from === 'string' && isLocalDate(query.from) && query.from > today && query.from < addDays(today, 366)
        ? query.from
        : today;
    const from = Math.max(now().getTime(), startInstant(wanted, 0, shopTimeZone));
    const visit = wished(asked, any);
    const facts = await readBookingFacts(orm.em.fork(), {
      networkId,
      shopId,
      visit,
      window: { from: from - 2 * DAY, to: from + (daysShown + 3) * DAY },
      except: appointmentId,
    });
    const found = 'missing' in facts ? [] : nextSlots({ ...facts, visit, now: now().getTime(), from, limit: mostSlots, days: daysShown });
    const starts = [...new Set(found.map((slot) => slot.startsAt))].filter((at) => at !== Date.parse(startsAt));
    // Whole days, so that every time of a day can be reached.
    const slots: number[] = [];
    let last = addDays(wanted, daysShown - 1);
    for (const [date, times] of Map.groupBy(starts, (at) => toWall(at, shopTimeZone).date)) {
      if (slots.length >= slotsShown) break;
      slots.push(...times);
      last = slots.length >= slotsShown ? date : last;
    }
    const href = (date: string, widely: boolean) => `?from=${date}${widely ? '&any=1' : ''}`;
    return {
      choice: {
        slots: slots.map(toUtc),
        timeZone: shopTimeZone,
        from: wanted,
        laterHref: href(addDays(last < wanted ? wanted : last, 1), any),
        anyHref: any ? null : href(wanted, true),
        any,
      },
    };
  }

  /** What the button would answer anyway is said at once. */
  function refusalOf({ linked: { purpose, status, startsAt, endsAt, decideBy }, policy }: Asked): PageRefusal | undefined {
    if (purpose !== 'cancel' && purpose !== 'reschedule') return undefined;
    const verdict = judgeAction(
      purpose,
      {
        status,
        startsAt: Date.parse(startsAt),
        endsAt: Date.parse(endsAt),
        decideBy: decideBy === null ? null : Date.parse(decideBy),
        policy,
      },
      'customer',
      now().getTime(),
    );
    return verdict !== 'already' && !verdict.ok ? (known.find((code) => code === verdict.code) ?? 'not_allowed') : undefined;
  }

  function visitOf({ linked, policy, texts }: Asked): Page['visit'] {
    const mustChoose = linked.status === 'confirmed' && linked.decideBy !== null;
    const state =
      linked.status === 'confirmed'
        ? mustChoose
          ? 'choose'
          : linked.attendanceConfirmed
            ? 'attendance'
            : 'confirmed'
        : linked.status === 'pending_approval'
          ? 'pending_approval'
          : linked.status === 'checked_in' || linked.status === 'started'
            ? 'here'
            : null;
    return {
      ...linked,
      state,
      chooseBy: mustChoose ? linked.decideBy : null,
      keptUntil: linked.status === 'held' || linked.status === 'pending_approval' ? linked.decideBy : null,
      policy: policyText(policy, texts.locale.startsWith('pt') ? 'pt' : 'en'),
    };
  }

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
    const refusal = refusalOf(asked);
    const form = refusal ? undefined : await formOf(asked, request.query);
    answer(
      response,
      200,
      renderPage(asked.texts, { purpose: asked.linked.purpose, visit: visitOf(asked), ...(refusal && { refusal }), ...(form && { form }) }),
    );
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
      const form =
        refusal === 'slot_taken' || refusal === 'choose' || status >= 500
          ? await formOf(asked, { any: body.any, from: dayOf(body.startsAt, asked.linked.shopTimeZone) })
          : undefined;
      answer(
        response,
        status,
        renderPage(asked.texts, { purpose: asked.linked.purpose, visit: visitOf(asked), refusal, ...(form && { form }) }),
      );
    }
  });
}

/** Who wanted a time of that day may want another of it. */
function dayOf(startsAt: unknown, timeZone: string): string | undefined {
  const at = typeof startsAt === 'string' ? parseInstant(startsAt) : null;
  return at === null ? undefined : toWall(at, timeZone).date;
}

class Refused extends Error {
  readonly refusal: PageRefusal;
  constructor(refusal: PageRefusal) {
    super(refusal);
    this.refusal = refusal;
  }
}

const known: PageRefusal[] = [
  'cancel_too_late',
  'reschedule_too_late',
  'slot_taken',
  'already_begun',
  'hold_expired',
  'customer_limit',
  'not_accepted',
];
/** Rules about times, of which the customer need only know that another time must be chosen. */
const aboutTime = [
  'too_soon',
  'too_far_ahead',
  'off_step',
  'shop_closed',
  'outside_working_hours',
  'on_break',
  'time_off',
  'barber_day_full',
  'service_not_offered',
];

function toRefusal(error: unknown): [PageRefusal, number] {
  if (error instanceof Refused) return [error.refusal, 400];
  const problem = error instanceof Problem ? error : toProblem(error);
  if (problem.status >= 500 || problem.status === 429) return ['unavailable', 503];
  if (aboutTime.includes(problem.code)) return ['slot_taken', 409];
  return [known.find((code) => code === problem.code) ?? 'not_allowed', 409];
}
