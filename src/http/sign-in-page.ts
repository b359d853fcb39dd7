/**
 * The page behind the link to sign in to a calendar again. Looking changes nothing; the token in the address is all that is needed to give
 * a new password for that one account at that one server, and nothing that is stored is shown but their names.
 */
import express, { type Express, type Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import { validate as isUuid } from 'uuid';
import { createSignInLinks, resumeConnection, type WaitingCalendar } from '../db/calendar-sign-in.ts';
import { renderDeadSignIn, renderSignInPage, type SignInPage } from '../domain/sign-in-page.ts';
import { Problem } from '../errors.ts';
import { beginSignIn } from './calendar-callback.ts';
import { createConnecting } from './calendar-connecting.ts';
import type { HttpDeps } from './deps.ts';
import { pageHeaders } from './page-headers.ts';

export function mountSignIn(app: Express, deps: HttpDeps): void {
  const { orm, config, calendarAccounts } = deps;
  const links = createSignInLinks(config);
  const connecting = createConnecting(deps);

  const find = async (id: string, token: string): Promise<WaitingCalendar | null> =>
    isUuid(id) ? links.find(orm.em.fork(), id, token) : null;
  const answer = (response: Response, status: number, html: string): void =>
    void response.status(status).set(pageHeaders).type('html').send(html);

  /** Tries the password, and lets go what has waited for it. */
  async function signIn(calendar: WaitingCalendar, password: string): Promise<void> {
    const { id, networkId, account, calendarId } = calendar;
    await calendarAccounts.checkCaldav({ calendarUrl: calendarId, username: account, password });
    const secrets = { username: account, password };
    await resumeConnection(orm.em.fork(), id, await calendarAccounts.seal(secrets, id));
    await connecting.resume(networkId, calendar, secrets, 'owner');
  }

  app.use(
    '/calendars',
    (_request, response, next) => {
      // The address holds a token, which belongs into no metric.
      response.locals.route = '/calendars/:id/:token';
      next();
    },
    rateLimit({ windowMs: 60_000, limit: 20, standardHeaders: 'draft-8', legacyHeaders: false }),
  );

  app.get('/calendars/:id/:token', async (request, response) => {
    const found = await find(request.params.id, request.params.token);
    if (!found) return answer(response, 410, renderDeadSignIn(request.acceptsLanguages('pt', 'en') || 'pt'));
    answer(response, 200, renderSignInPage(found));
  });

  app.post('/calendars/:id/:token', express.urlencoded({ extended: false, limit: '4kb', parameterLimit: 5 }), async (request, response) => {
    const found = await find(request.params.id, request.params.token);
    if (!found) return answer(response, 410, renderDeadSignIn(request.acceptsLanguages('pt', 'en') || 'pt'));
    if (found.provider !== 'caldav') {
      const { networkId, barberId, provider, calendarId, privacy, writes, reads } = found;
      return response.redirect(
        303,
        await beginSignIn(deps, { networkId, barberId, provider, calendarId, wishes: { privacy, writes, reads } }),
      );
    }
    const { password } = (request.body ?? {}) as Record<string, unknown>;
    const [told, status] = await signIn(found, typeof password === 'string' ? password.slice(0, 200) : '').then(
      (): [SignInPage['told'], number] => ['done', 200],
      toTold,
    );
    answer(response, status, renderSignInPage({ ...found, told: told! }));
  });
}

function toTold(error: unknown): [SignInPage['told'], number] {
  if (!(error instanceof Problem)) throw error;
  return error.code === 'calendar_sign_in' ? ['refused', 409] : ['away', 503];
}
