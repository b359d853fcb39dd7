/** Builds the Express application: middleware in order, routes, and the one error handler at the end. */
import { randomUUID } from 'node:crypto';
import express, { type Express } from 'express';
import { rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import swaggerUi from 'swagger-ui-express';
import { Problem } from '../errors.ts';
import { appointmentChangeRoutes } from './appointment-changes.ts';
import { appointmentRoutes } from './appointment.ts';
import { availabilityRoutes } from './availability.ts';
import { barberDateRoutes } from './barber-dates.ts';
import { barberServiceRoutes } from './barber-service.ts';
import { mountCallback } from './calendar-callback.ts';
import { calendarConflictRoutes } from './calendar-conflict.ts';
import { mountCalendarHooks } from './calendar-hooks.ts';
import { calendarRoutes } from './calendar.ts';
import { barberRoutes } from './barber.ts';
import { mountBounces } from './bounce.ts';
import { createAuthenticate, requireScope, type Caller } from './caller.ts';
import { deadLetterRoutes } from './dead-letter.ts';
import { deliverySummaryRoutes } from './delivery-summary.ts';
import type { HttpDeps } from './deps.ts';
import { mountFeeds } from './feed-file.ts';
import { feedRoutes } from './feed.ts';
import { mountHealth } from './health.ts';
import { mountHooks } from './hooks.ts';
import { holdRoutes } from './hold.ts';
import { linkRoutes } from './link.ts';
import { mountSelfService } from './self-service.ts';
import { mountSignIn } from './sign-in-page.ts';
import { holidaySetRoutes } from './holiday-set.ts';
import { createAnswerOnce } from './kept-answer.ts';
import { networkRoutes } from './network.ts';
import { openApiDocument } from './openapi.ts';
import { answerProblems } from './problem.ts';
import { mount, type Route } from './route.ts';
import { relocationRoutes } from './relocation.ts';
import { seriesRoutes } from './series.ts';
import { serviceRoutes } from './service.ts';
import { shopDateRoutes } from './shop-dates.ts';
import { shopRoutes } from './shop.ts';
import { waitlistRoutes } from './waitlist.ts';

export function allRoutes(deps: HttpDeps): Route[] {
  return [
    availabilityRoutes,
    appointmentRoutes,
    appointmentChangeRoutes,
    linkRoutes,
    holdRoutes,
    waitlistRoutes,
    seriesRoutes,
    relocationRoutes,
    deadLetterRoutes,
    deliverySummaryRoutes,
    networkRoutes,
    holidaySetRoutes,
    shopRoutes,
    shopDateRoutes,
    barberRoutes,
    barberDateRoutes,
    barberServiceRoutes,
    calendarRoutes,
    calendarConflictRoutes,
    serviceRoutes,
    feedRoutes,
  ].flatMap((routes) => routes(deps));
}

/** `mountMore` adds routes that production does not have; they need no key. */
export function createApp(deps: HttpDeps, mountMore?: (app: Express) => void): Express {
  const { config, log, metrics } = deps;
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', config.api.trustProxy);
  app.set('etag', false);
  app.use(helmet({ contentSecurityPolicy: { directives: { 'upgrade-insecure-requests': null } } }));

  app.use((request, response, next) => {
    const began = process.hrtime.bigint();
    response.locals.requestId = randomUUID();
    response.set('X-Request-Id', response.locals.requestId);
    response.on('finish', () => {
      const seconds = Number(process.hrtime.bigint() - began) / 1e9;
      const labels = { method: request.method, route: String(response.locals.route ?? 'other'), status: String(response.statusCode) };
      metrics.answerSeconds.observe(labels, seconds);
      log.debug({ requestId: response.locals.requestId, ...labels, ms: Math.round(seconds * 1000) }, 'answered');
    });
    next();
  });

  mountHealth(app, deps);
  const routes = allRoutes(deps);
  const document = openApiDocument(routes);
  app.get('/openapi.json', (_request, response) => void response.json(document));
  app.use('/docs', swaggerUi.serve, swaggerUi.setup(document, { customSiteTitle: 'Punctual API' }));

  mountSelfService(app, deps);
  mountFeeds(app, deps);
  mountCallback(app, deps);
  mountSignIn(app, deps);
  mountHooks(app, deps);
  mountCalendarHooks(app, deps);
  mountBounces(app, deps);
  mountMore?.(app);

  // Authentication comes before the body is read, so a stranger cannot make us parse.
  const authenticate = createAuthenticate(deps.orm);
  app.use('/v1', async (request, response, next) => {
    response.locals.caller = await authenticate(request);
    next();
  });
  app.use(
    '/v1',
    rateLimit({
      windowMs: 60_000,
      limit: config.api.rateLimitPerMinute,
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      keyGenerator: (_request, response) => (response.locals.caller as Caller).keyId,
      handler: (_request, response) => {
        // The library has set Retry-After; the document repeats nothing that could differ from it.
        throw new Problem('rate_limited', response.get('Retry-After') ? {} : { retryAfterSeconds: 60 });
      },
    }),
  );
  app.use('/v1', express.json({ limit: '64kb', strict: true, type: 'application/json' }));

  mount(
    app,
    routes,
    async (request, scope) => {
      const caller = request.res?.locals.caller as Caller;
      requireScope(caller, scope);
      return caller;
    },
    createAnswerOnce(deps),
  );
  app.use(() => {
    throw new Problem('not_found');
  });
  app.use(answerProblems(log));
  return app;
}
