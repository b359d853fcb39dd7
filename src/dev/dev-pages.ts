/**
 * Development's own pages. They ask for no key and name customers, so only `npm start` mounts them, for who asks by a name of this very
 * machine.
 */
import express, { type Express } from 'express';
import { countSent, findMessageId, listNews, listSent } from '../db/sent.ts';
import type { Deps } from '../deps.ts';
import { Problem } from '../errors.ts';
import { appointmentWorkflowId } from '../../workflows/messages.ts';
import { calendarBody, enter, type CalendarAccess } from './calendar-page.ts';
import { answerPage } from './page-shell.ts';
import { kindOf, localeOf, nameOf, previewBody, previewListBody } from './preview-page.ts';
import { sampleMessage, type SampleKind } from './sample-message.ts';
import { filterOf, mostShown, newsBody, sentBody } from './sent-page.ts';

/** Whose messages are shown, and where the inboxes are; null where they are not ours. */
export type DevPlaces = {
  networkId: string;
  mailUi: string | null;
  mailApi: string | null;
  smsUi: string | null;
  calendar: CalendarAccess | null;
};

/** Not by the name of a tunnel that lets Twilio in, nor by a name that a stranger's page has made to mean us. */
const isLocal = (host: string | undefined): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host ?? '');
const isId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);

export function mountDevPages(
  app: Express,
  { orm, config }: Pick<Deps, 'orm' | 'config'>,
  { networkId, mailUi, mailApi, smsUi, calendar }: DevPlaces,
): void {
  const { uiUrl, namespace } = config.temporal;
  const workflowUrl =
    uiUrl === null
      ? null
      : (id: string) => `${uiUrl.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${appointmentWorkflowId(id)}`;

  app.use('/dev', (request, _response, next) => {
    if (!isLocal(request.headers.host) || !isLocal(request.get('X-Forwarded-Host') ?? request.headers.host)) throw new Problem('not_found');
    next();
  });
  app.get('/dev', (_request, response) => response.redirect('/dev/sent'));

  app.get('/dev/sent', async (request, response) => {
    const filter = filterOf(request.query);
    const em = orm.em.fork();
    const [rows, counts] = [await listSent(em, networkId, filter, mostShown), await countSent(em, networkId)];
    const news = await listNews(em, networkId);
    answerPage(response, 'What was sent', sentBody(rows, counts, filter, { mailUi, smsUi, workflowUrl }) + newsBody(news));
  });

  // The inbox has ids of its own, which are looked up when somebody wants to see.
  app.get('/dev/sent/:id/mail', async (request, response) => {
    const { id } = request.params;
    const messageId = isId(id) && mailUi !== null ? await findMessageId(orm.em.fork(), networkId, id) : null;
    if (messageId === null) throw new Problem('not_found');
    const found = mailApi === null ? null : await mailIdOf(mailApi, messageId);
    response.redirect(found === null ? mailUi! : `${mailUi}/#/email/${encodeURIComponent(found)}`);
  });

  app.get('/dev/calendar', async (_request, response) =>
    answerPage(response, "A barber's calendar", calendar ? await calendarBody(calendar) : noCalendar, { forms: "'self'" }),
  );
  if (calendar) {
    app.post('/dev/calendar', express.urlencoded({ extended: false, limit: '4kb' }), async (request, response) => {
      if (
        request.get('Origin') !== `http://${request.headers.host}` ||
        !(await enter(calendar, (request.body ?? {}) as Record<string, unknown>))
      )
        throw new Problem('invalid_request');
      response.redirect(303, '/dev/calendar');
    });
  }

  const render = (kind: SampleKind, locale: string) => sampleMessage(kind, locale, config.publicUrl);
  app.get('/dev/messages', (_request, response) => answerPage(response, 'Messages', previewListBody(render)));
  app.get('/dev/messages/:kind', (request, response) => {
    const kind = kindOf(request.params.kind);
    if (kind === null) throw new Problem('not_found');
    const locale = localeOf(request.query.locale);
    answerPage(response, `Message: ${nameOf(kind).join(', to the ')}`, previewBody(kind, locale, render(kind, locale)));
  });
}

const noCalendar = '<p>There is no CalDAV server here: Python 3.10 with venv is missing.</p>';

/** The newest of this Message-ID in the inbox, or null when the inbox has dropped it or does not answer. */
async function mailIdOf(mailApi: string, messageId: string): Promise<string | null> {
  try {
    const answer = await fetch(
      `${mailApi}?${new URLSearchParams({ 'headers.message-id': messageId, sort: 'desc', limit: '1' }).toString()}`,
      { signal: AbortSignal.timeout(5000) },
    );
    const [mail] = (await answer.json()) as { id: string }[];
    return mail?.id ?? null;
  } catch {
    return null;
  }
}
