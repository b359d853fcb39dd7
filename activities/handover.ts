/** Effects that no workflow has are handed over to one: the appointment's own while it runs, else one that only sends. */
import { v5 as uuidv5 } from 'uuid';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import type { MessageChannel } from '../src/domain/channel.ts';
import { findToTell, noteTold } from '../src/db/calendar-sign-in.ts';
import { renderNotice } from '../src/domain/notice.ts';
import {
  findHandovers,
  findShopsToTell,
  findSignedOut,
  noteHandover,
  noteShopTold,
  putHandoverBehind,
  reclaimLost,
  reopenSignedIn,
  reopenSignedOut,
  type Handover,
} from '../src/db/handover.ts';
import { MailError, type OutgoingMail } from '../src/integrations/mail.ts';
import { renderSignedOut } from '../src/domain/sign-in-page.ts';
import {
  appointmentWorkflowId,
  redeliverUpdate,
  redeliveryWorkflowId,
  type Policy,
  type RedeliveryWorkflow,
} from '../workflows/messages.ts';
import type { ActivityDeps } from './deps.ts';

const atOnce = 25;
const mostReopened = 500;
const updateWithinMs = 10_000;
const updateNamespace = '6c1c6d52-2b53-5a0e-9f0f-5d2a3f0d9b11';

export type HandoverDeps = ActivityDeps & { client: Client; taskQueue: string };

export function createHandoverActivities({ orm, client, taskQueue, log }: HandoverDeps) {
  /** Whether a workflow has them now. The update's id is that of the round, so that a repeated call starts nothing twice. */
  async function giveToOwn({ appointmentId, round, deliveries }: Handover): Promise<boolean> {
    try {
      return await client.withDeadline(Date.now() + updateWithinMs, () =>
        client.workflow
          .getHandle(appointmentWorkflowId(appointmentId))
          .executeUpdate(redeliverUpdate, { args: [deliveries], updateId: uuidv5(`redeliver ${appointmentId} ${round}`, updateNamespace) }),
      );
    } catch (error) {
      // A workflow from before version 3 does not know the update.
      if (error instanceof WorkflowNotFoundError || error instanceof WorkflowUpdateFailedError) return false;
      throw error;
    }
  }

  async function giveToAnother({ networkId, appointmentId, round, deliveries }: Handover, policy: Policy): Promise<void> {
    try {
      await client.workflow.start<RedeliveryWorkflow>('redelivery', {
        workflowId: redeliveryWorkflowId(appointmentId, round),
        taskQueue,
        args: [{ networkId, appointmentId, policy, deliveries }],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }

  return {
    /**
     * Hands over some of what waits. A workflow that cannot be reached now, or is stuck, leaves its effects to a later run, behind the
     * others; it holds up nobody else's. Repeating hands over only what is left.
     */
    async handOver({ policy }: { policy: Policy }): Promise<{ handed: number; more: boolean }> {
      const found = await findHandovers(orm.em.fork(), atOnce);
      const ends = await Promise.all(
        found.map(async (each) => {
          try {
            if (!(await giveToOwn(each))) await giveToAnother(each, policy);
            await noteHandover(orm.em.fork(), each);
            return 'handed';
          } catch (error) {
            log.warn(
              { appointmentId: each.appointmentId, error: error instanceof Error ? error.name : 'unknown' },
              'effects could not be handed over yet',
            );
            await putHandoverBehind(orm.em.fork(), each);
            return error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ? 'stuck' : 'failed';
          }
        }),
      );
      const handed = ends.filter((end) => end === 'handed').length;
      if (found.length > 0 && ends.every((end) => end === 'failed')) throw new Error('no effect could be handed over');
      return { handed, more: found.length === atOnce && handed > 0 };
    },

    /** Finds what was lost, and opens again what a sign-in had parked that works again. Repeating finds less. */
    async reclaimEffects({ signedIn }: { signedIn: MessageChannel[] }): Promise<{ lost: number; reopened: number }> {
      const lost = await reclaimLost(orm.em.fork(), mostReopened);
      let reopened = await reopenSignedIn(orm.em.fork(), mostReopened);
      for (const channel of signedIn) reopened += await reopenSignedOut(orm.em.fork(), channel, mostReopened);
      return { lost, reopened };
    },
  };
}

/** What asks the providers themselves; it runs beside the effects. */
export function createSignInActivities({
  orm,
  mailer,
  texter,
  mailFrom,
  signInLinks,
  log,
  now,
}: Omit<ActivityDeps, 'calendars' | 'marks' | 'links' | 'metrics'>) {
  /**
   * Whether there is nothing left to do about it today. One address that is refused keeps the news from nobody else: what may pass is tried
   * by the next sweep.
   */
  async function tell(mail: Pick<OutgoingMail, 'messageId' | 'to' | 'subject' | 'text' | 'html' | 'headers'>): Promise<boolean> {
    try {
      await mailer.send({ from: { name: 'Punctual', address: mailFrom }, replyTo: null, invitation: null, ...mail });
      return true;
    } catch (error) {
      if (!(error instanceof MailError)) throw error;
      log.warn({ messageId: mail.messageId, error: error.message }, 'somebody could not be told of a dead sign-in');
      return error.kind === 'permanent';
    }
  }

  return {
    /** Of the ways that a dead sign-in has stopped, those that work again. */
    async findSignedIn(): Promise<MessageChannel[]> {
      const working: MessageChannel[] = [];
      for (const channel of await findSignedOut(orm.em.fork())) {
        const provider = channel === 'mail' ? mailer : texter;
        if (
          provider &&
          (await provider.verify().then(
            () => true,
            () => false,
          ))
        )
          working.push(channel);
      }
      return working;
    },

    /** Tells each shop once a day, by mail, what waits for a sign-in. The Message-ID is that of shop, way and day. */
    async tellShops(): Promise<void> {
      for (const shop of await findShopsToTell(orm.em.fork())) {
        const isTold = await tell({
          messageId: `<${uuidv5(`sign-in ${shop.shopId} ${shop.channel} ${now().toISOString().slice(0, 10)}`, updateNamespace)}@punctual>`,
          to: { name: shop.name, address: shop.email },
          ...renderNotice(shop),
          headers: { 'X-Punctual-Kind': 'sign_in_shop' },
        });
        if (isTold) await noteShopTold(orm.em.fork(), shop);
      }
    },

    /** Tells the owner of a calendar, and his shops, once a day, that it wants a new sign-in, with the link to give it. */
    async tellOwners(): Promise<void> {
      for (const calendar of await findToTell(orm.em.fork())) {
        const notice = renderSignedOut({ ...calendar, url: signInLinks.url(calendar) });
        let isTold = calendar.addresses.length === 0;
        for (const address of calendar.addresses) {
          const went = await tell({
            messageId: `<${uuidv5(`calendar ${calendar.id} ${address} ${now().toISOString().slice(0, 10)}`, updateNamespace)}@punctual>`,
            to: { name: calendar.barberName, address },
            ...notice,
            headers: { 'X-Punctual-Kind': 'sign_in_barber' },
          });
          isTold ||= went;
        }
        // Who has heard of it is not written to again today because another could not be reached.
        if (isTold) await noteTold(orm.em.fork(), calendar.id);
      }
    },
  };
}
