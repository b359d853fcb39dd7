/**
 * What Twilio calls: how an SMS ended, and what somebody answers. Nothing in a call is believed before its signature is right; each may
 * come late, twice, or before our own note of the sending. https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */
import { randomUUID } from 'node:crypto';
import express, { type Express, type Request } from 'express';
import { validate as isUuid } from 'uuid';
import { noteSms } from '../db/delivery-report.ts';
import { Problem } from '../errors.ts';
import { isSignedByTwilio, readStatus, smsInboundPath, smsStatusRoute } from '../integrations/sms-callback.ts';
import { createAppointmentCalls } from './appointment-workflow.ts';
import type { HttpDeps } from './deps.ts';

/** Twilio's own words, and two that people in Portugal write. Which of them Twilio itself obeys is told by `OptOutType`. */
const stops = new Set(['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'REVOKE', 'OPTOUT', 'PARAR']);
const starts = new Set(['START', 'YES', 'UNSTOP', 'VOLTAR']);

export function mountHooks(app: Express, deps: HttpDeps): void {
  const { config, orm, marks } = deps;
  const workflow = createAppointmentCalls(deps);
  const form = express.text({ type: 'application/x-www-form-urlencoded', limit: '16kb' });

  /** The fields of a call that is Twilio's. */
  function authentic(request: Request): Record<string, string> {
    if (!config.twilio) throw new Problem('not_found');
    const params = Object.fromEntries(new URLSearchParams(typeof request.body === 'string' ? request.body : ''));
    const isSigned = isSignedByTwilio(
      config.twilio.authToken,
      request.get('x-twilio-signature') ?? '',
      `${config.publicUrl}${request.originalUrl}`,
      params,
    );
    if (!isSigned) throw new Problem('wrong_signature');
    return params;
  }

  app.post(smsStatusRoute, form, async (request, response) => {
    response.locals.route = smsStatusRoute;
    const status = readStatus(authentic(request));
    const { deliveryId } = request.params;
    const isOurs = status && typeof deliveryId === 'string' && isUuid(deliveryId);
    if (isOurs && (await noteSms(orm.em.fork(), marks, deliveryId, status))) await workflow.handOver(randomUUID());
    response.status(204).end();
  });

  app.post(smsInboundPath, form, async (request, response) => {
    response.locals.route = smsInboundPath;
    const { From: from = '', Body: text = '', OptOutType: type = '' } = authentic(request);
    const word = (type || text).trim().toUpperCase();
    if (stops.has(word)) await marks.set('sms', from, 'opted_out');
    else if (starts.has(word)) await marks.clear('sms', from);
    // An empty answer: what is said to STOP is the provider's business.
    response.type('text/xml').send('<?xml version="1.0" encoding="UTF-8"?><Response/>');
  });
}
