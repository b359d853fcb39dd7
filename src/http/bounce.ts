/**
 * Where a mail server hands in the notifications that it gets about our mails: `curl --data-binary @- -H 'Content-Type: message/rfc822'`,
 * with a key of the scope "ops".
 */
import { randomUUID } from 'node:crypto';
import express, { type Express } from 'express';
import { noteReport } from '../db/delivery-report.ts';
import { Problem } from '../errors.ts';
import { readBounce } from '../integrations/bounce.ts';
import { createAppointmentCalls } from './appointment-workflow.ts';
import { createAuthenticate, requireScope } from './caller.ts';
import type { HttpDeps } from './deps.ts';

const path = '/hooks/mail/bounce';

export function mountBounces(app: Express, deps: HttpDeps): void {
  const { config, orm, marks } = deps;
  const authenticate = createAuthenticate(orm);
  const workflow = createAppointmentCalls(deps);

  app.post(
    path,
    async (request, response, next) => {
      response.locals.route = path;
      response.locals.caller = await authenticate(request);
      requireScope(response.locals.caller as Awaited<ReturnType<typeof authenticate>>, 'ops');
      next();
    },
    express.raw({ type: 'message/rfc822', limit: '256kb' }),
    async (request, response) => {
      if (!Buffer.isBuffer(request.body))
        throw new Problem('unsupported_media_type', { detail: 'Send the notification as message/rfc822.' });
      const { networkId } = response.locals.caller as Awaited<ReturnType<typeof authenticate>>;
      const bounce = await readBounce(request.body);
      // Whatever it was, the mail server has done its part; it is told no more.
      if (bounce) {
        const { deliveryId } = bounce;
        const noted = await noteReport(orm.em.fork(), {
          deliveryId,
          channel: 'mail',
          providerId: `<${deliveryId}@punctual>`,
          arrived: false,
          errorText: `SMTP failed: ${bounce.status}`,
          ways: config.twilio ? ['mail', 'sms'] : ['mail'],
          networkId,
        });
        if (noted?.email && bounce.isBadAddress) await marks.set('mail', noted.email, 'bounced');
        if (noted?.isReopened) await workflow.handOver(randomUUID());
      }
      response.status(202).end();
    },
  );
}
