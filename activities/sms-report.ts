/** Twilio calls once, and if nobody listens just then, the news is lost: so it is asked what became of those SMS. */
import { findUnheard, noteAsked, noteSms } from '../src/db/delivery-report.ts';
import { SmsError } from '../src/integrations/sms-error.ts';
import type { ActivityDeps } from './deps.ts';

/** In one run; the next sweep goes on. */
const atMost = 200;
/** Well within the limit of workflows/handover.ts, a slow answer included. */
const askForMs = 30_000;
/** Twilio has no such message, or none any more. */
const forgotten = new Set(['20404', 'HTTP_404']);

export function createSmsReportActivities({ orm, texter, marks, log }: Pick<ActivityDeps, 'orm' | 'texter' | 'marks' | 'log'>) {
  return {
    /** Notes what each answer tells, as Twilio's call would have. Repeating asks about fewer. @returns how many are to be handed over. */
    async hearOfSms(): Promise<number> {
      if (!texter) return 0;
      const until = Date.now() + askForMs;
      let reopened = 0;
      for (const { id, providerId } of await findUnheard(orm.em.fork(), atMost)) {
        if (Date.now() > until) break;
        try {
          const status = await texter.statusOf(providerId);
          if (status && (await noteSms(orm.em.fork(), marks, id, status))) reopened += 1;
        } catch (error) {
          if (!(error instanceof SmsError)) throw error;
          // Twilio is away: for the others too.
          if (!forgotten.has(error.code)) {
            log.warn({ error: error.message }, 'what became of SMS could not be asked');
            break;
          }
        }
        await noteAsked(orm.em.fork(), id);
      }
      return reopened;
    },
  };
}
