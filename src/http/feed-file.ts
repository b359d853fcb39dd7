/**
 * The calendars behind the addresses of feeds. The token in the address is all that is needed; what is not, is no longer and never was
 * answers the same.
 */
import type { Express } from 'express';
import { rateLimit } from 'express-rate-limit';
import { readFeed } from '../db/feed-visits.ts';
import { feedEvent, feedWindow } from '../domain/feed.ts';
import { textsFor } from '../domain/message-texts.ts';
import { Problem } from '../errors.ts';
import { writeFeed } from '../integrations/feed.ts';
import type { HttpDeps } from './deps.ts';
import { bodyTag, isNamed } from './entity-tag.ts';

export function mountFeeds(app: Express, { orm, now }: HttpDeps): void {
  /** The text of the calendar, or null. */
  async function find(token: string): Promise<string | null> {
    const at = now();
    const found = /^[\w-]{43}$/.test(token) ? await readFeed(orm.em.fork(), token, feedWindow(at.getTime()), at) : null;
    if (!found) return null;
    const texts = textsFor(found.locale, found.locale);
    const { privacy, ownerName, timeZone, visits } = found;
    return writeFeed({
      name: privacy === 'busy' ? texts.busy : ownerName,
      timeZone,
      events: visits.map((visit) => feedEvent(privacy, found, visit, texts)),
    });
  }

  app.use(
    '/feeds',
    (_request, response, next) => {
      // The address holds a token, which belongs into no metric.
      response.locals.route = '/feeds/:token';
      response.set(headers);
      next();
    },
    rateLimit({ windowMs: 60_000, limit: 60, standardHeaders: 'draft-8', legacyHeaders: false }),
  );

  app.get('/feeds/:token.ics', async (request, response) => {
    const text = await find(request.params.token);
    if (text === null) throw new Problem('not_found');
    const tag = `"${bodyTag(text)}"`;
    response.set('ETag', tag);
    if (isNamed(tag, request.get('if-none-match'))) return void response.status(304).end();
    response.set('Content-Type', 'text/calendar; charset=utf-8').send(text);
  });
}

const headers = { 'Cache-Control': 'private, no-cache', 'Referrer-Policy': 'no-referrer', 'X-Robots-Tag': 'noindex, nofollow' };
