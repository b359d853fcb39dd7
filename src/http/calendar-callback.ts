/**
 * Signing in at a provider: a page of ours, which says whose calendar is to be connected and is known by a cookie; the provider's pages;
 * and where the person comes back to: the code is redeemed, and the calendar connected. Served once, and only in the browser in which it
 * was begun (RFC 6749, 10.12): who gets the provider's address alone, sent by somebody else, connects nothing.
 */
import { randomBytes } from 'node:crypto';
import type { Express, Request, Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import { bindAuthorization, keepAuthorization, takeAuthorization, type Authorization } from '../db/calendar-authorization.ts';
import { renderCameBack, renderContinue, type CameBack, type JustConnected } from '../domain/sign-in-page.ts';
import { Problem } from '../errors.ts';
import { createConnecting } from './calendar-connecting.ts';
import type { HttpDeps } from './deps.ts';
import { pageHeaders } from './page-headers.ts';

const beginPath = '/calendars/begin';
export const callbackPath = '/calendars/callback';
const cookieName = 'punctual_sign_in';
const cookieMs = 15 * 60_000;

/** What is sealed until the person comes back. */
type Kept = { url: string; verifier: string };

/** Keeps what is needed when the person comes back. @returns the page that he is to begin on. */
export async function beginSignIn(
  { orm, config, calendarAccounts }: Pick<HttpDeps, 'orm' | 'config' | 'calendarAccounts'>,
  given: Omit<Authorization, 'verifier'>,
): Promise<string> {
  const { url, state, verifier } = await calendarAccounts.begin(given.provider, `${config.publicUrl}${callbackPath}`);
  const kept: Kept = { url, verifier };
  await keepAuthorization(orm.em.fork(), state, { ...given, verifier: await calendarAccounts.seal(kept, state) });
  return `${config.publicUrl}${beginPath}/${state}`;
}

/** What this browser was given on our page; empty in one that has not been there. */
const browserOf = (request: Request): string =>
  new RegExp(`(?:^|;\\s*)${cookieName}=([\\w-]{43})(?:;|$)`).exec(request.headers.cookie ?? '')?.[1] ?? '';

export function mountCallback(app: Express, deps: HttpDeps): void {
  const { orm, config, calendarAccounts, log } = deps;
  const connecting = createConnecting(deps);

  const languageOf = (request: Request): string => request.acceptsLanguages('pt', 'en') || 'pt';
  const answer = (response: Response, status: number, html: string): void =>
    void response.status(status).set(pageHeaders).type('html').send(html);

  async function finish(cameBackTo: URL, browser: string): Promise<Exclude<CameBack, 'connected'> | JustConnected> {
    const state = cameBackTo.searchParams.get('state') ?? '';
    const kept = state === '' || browser === '' ? null : await takeAuthorization(orm.em.fork(), state, browser);
    if (!kept) return 'dead';
    const { verifier } = (await calendarAccounts.open(kept.verifier, state)) as Kept;
    const { account, calendars, secrets } = await calendarAccounts.finish(kept.provider, cameBackTo, { state, verifier });
    const chosen = kept.calendarId === null ? calendars[0] : calendars.find(({ id }) => id === kept.calendarId);
    // Somebody else's account, or one without a calendar that can be written to.
    if (!chosen) return 'other';
    const { networkId, barberId, provider, wishes, barberName, networkName } = kept;
    await connecting.connect(
      networkId,
      { barberId, provider, account, calendarId: chosen.id, calendarName: chosen.name, ...wishes },
      secrets,
      'owner',
    );
    return { provider, account, calendarName: chosen.name, barberName, networkName };
  }

  const limited = rateLimit({ windowMs: 60_000, limit: 120, standardHeaders: 'draft-8', legacyHeaders: false });

  app.get(`${beginPath}/:state`, limited, async (request: Request<{ state: string }>, response: Response) => {
    response.locals.route = `${beginPath}/:state`;
    const { state } = request.params;
    const browser = browserOf(request) || randomBytes(32).toString('base64url');
    const begun = await bindAuthorization(orm.em.fork(), state, browser);
    if (!begun) return answer(response, 410, renderCameBack('dead', languageOf(request), null));
    const { url } = (await calendarAccounts.open(begun.verifier, state)) as Kept;
    const secure = config.publicUrl.startsWith('https:');
    response.cookie(cookieName, browser, { httpOnly: true, sameSite: 'lax', secure, maxAge: cookieMs, path: '/' });
    answer(response, 200, renderContinue(begun, url));
  });

  app.get(callbackPath, limited, async (request, response) => {
    // The code and the state belong into no log or metric.
    response.locals.route = callbackPath;
    const cameBackTo = new URL(`${config.publicUrl}${request.originalUrl}`);
    const came = await finish(cameBackTo, browserOf(request)).catch((error: unknown) => {
      if (!(error instanceof Problem)) throw error;
      log.info({ code: error.code }, 'a sign-in to a calendar did not come through');
      return error.code === 'calendar_sign_in' ? 'refused' : 'away';
    });
    const [told, connected] = typeof came === 'string' ? [came, null] : ['connected' as const, came];
    const status = { connected: 200, dead: 410, other: 409, refused: 409, away: 503 }[told];
    answer(response, status, renderCameBack(told, languageOf(request), connected));
  });
}
