/**
 * Where a person comes back to from a provider's pages: the code is redeemed, and the calendar connected. Served once, and only to whom it
 * was begun for.
 */
import type { Express, Response } from 'express';
import { keepAuthorization, takeAuthorization, type Authorization } from '../db/calendar-authorization.ts';
import { renderCameBack, type CameBack, type JustConnected } from '../domain/sign-in-page.ts';
import { Problem } from '../errors.ts';
import { createConnecting } from './calendar-connecting.ts';
import type { HttpDeps } from './deps.ts';
import { pageHeaders } from './page-headers.ts';

export const callbackPath = '/calendars/callback';

/** Keeps what is needed when the person comes back. @returns where he is to go. */
export async function beginSignIn(
  { orm, config, calendarAccounts }: Pick<HttpDeps, 'orm' | 'config' | 'calendarAccounts'>,
  given: Omit<Authorization, 'verifier'>,
): Promise<string> {
  const { url, state, verifier } = await calendarAccounts.begin(given.provider, `${config.publicUrl}${callbackPath}`);
  await keepAuthorization(orm.em.fork(), state, { ...given, verifier: await calendarAccounts.seal(verifier, state) });
  return url;
}

export function mountCallback(app: Express, deps: HttpDeps): void {
  const { orm, config, calendarAccounts, log } = deps;
  const connecting = createConnecting(deps);

  async function finish(cameBackTo: URL): Promise<Exclude<CameBack, 'connected'> | JustConnected> {
    const state = cameBackTo.searchParams.get('state') ?? '';
    const kept = state === '' ? null : await takeAuthorization(orm.em.fork(), state);
    if (!kept) return 'dead';
    const verifier = (await calendarAccounts.open(kept.verifier, state)) as string;
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

  app.get(callbackPath, async (request, response: Response) => {
    // The code and the state belong into no log or metric.
    response.locals.route = callbackPath;
    const came = await finish(new URL(`${config.publicUrl}${request.originalUrl}`)).catch((error: unknown) => {
      if (!(error instanceof Problem)) throw error;
      log.info({ code: error.code }, 'a sign-in to a calendar did not come through');
      return error.code === 'calendar_sign_in' ? 'refused' : 'away';
    });
    const [told, connected] = typeof came === 'string' ? [came, null] : ['connected' as const, came];
    const status = { connected: 200, dead: 410, other: 409, refused: 409, away: 503 }[told];
    response
      .status(status)
      .set(pageHeaders)
      .type('html')
      .send(renderCameBack(told, request.acceptsLanguages('pt', 'en') || 'pt', connected));
  });
}
