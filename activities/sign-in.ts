/** Sign-ins of ours and of calendars' owners that have died: which work again, and who is told. It asks the providers themselves. */
import { v5 as uuidv5 } from 'uuid';
import { findToTell, noteTold } from '../src/db/calendar-sign-in.ts';
import { findShopsToTell, findSignedOut, noteShopTold, type ShopToTell } from '../src/db/sign-in-news.ts';
import type { MessageChannel } from '../src/domain/channel.ts';
import { renderNotice } from '../src/domain/notice.ts';
import { renderSignedOut } from '../src/domain/sign-in-page.ts';
import { MailError, type OutgoingMail } from '../src/integrations/mail.ts';
import { SmsError } from '../src/integrations/sms.ts';
import type { ActivityDeps } from './deps.ts';

const noticeNamespace = '6c1c6d52-2b53-5a0e-9f0f-5d2a3f0d9b11';

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
  async function isDone(id: string, sending: Promise<unknown>): Promise<boolean> {
    try {
      await sending;
      return true;
    } catch (error) {
      if (!(error instanceof MailError || error instanceof SmsError)) throw error;
      log.warn({ id, error: error.message }, 'somebody could not be told of a dead sign-in');
      return error.kind === 'permanent';
    }
  }

  const mail = (id: string, parts: Pick<OutgoingMail, 'to' | 'subject' | 'text' | 'html' | 'headers'>): Promise<boolean> =>
    isDone(
      id,
      mailer.send({
        messageId: `<${id}@punctual>`,
        from: { name: 'Punctual', address: mailFrom },
        replyTo: null,
        invitation: null,
        ...parts,
      }),
    );

  /** By mail; of the mail itself, by SMS. Null where there is no such way. */
  function tellShop(shop: ShopToTell): Promise<boolean> | null {
    const today = now().toISOString().slice(0, 10);
    const id = uuidv5(`sign-in ${shop.shopId} ${shop.channel} ${today}`, noticeNamespace);
    const { sms, ...parts } = renderNotice(shop);
    if (shop.channel !== 'mail')
      return shop.email === null
        ? null
        : mail(id, { to: { name: shop.name, address: shop.email }, ...parts, headers: { 'X-Punctual-Kind': 'sign_in_shop' } });
    if (!texter || shop.phone === null) return null;
    const since = `${today}T00:00:00Z`;
    return isDone(id, texter.send({ deliveryId: id, to: shop.phone, text: sms, since, isAnothers: async () => false }));
  }

  return {
    /** Of the ways that a dead sign-in has stopped, those that work again. Whoever runs this reads of the others in the log. */
    async findSignedIn(): Promise<MessageChannel[]> {
      const working: MessageChannel[] = [];
      for (const channel of await findSignedOut(orm.em.fork())) {
        const provider = channel === 'mail' ? mailer : texter;
        const why: unknown = await provider?.verify().then(
          () => null,
          (error: unknown) => error,
        );
        if (why === null) working.push(channel);
        else log.warn({ channel, error: why instanceof Error ? why.message : 'off' }, 'messages wait for a new sign-in at their provider');
      }
      return working;
    },

    /** Tells each shop once a day what waits for a sign-in. The id of the message is that of shop, way and day. */
    async tellShops(): Promise<void> {
      for (const shop of await findShopsToTell(orm.em.fork())) {
        const { shopId, channel, count, otherwise } = shop;
        log.warn({ shopId, channel, count, otherwise }, "a dead sign-in stops a shop's messages, or sends them another way");
        if (await tellShop(shop)) await noteShopTold(orm.em.fork(), shop);
      }
    },

    /** Tells the owner of a calendar, and his shops, once a day, that it wants a new sign-in, with the link to give it. */
    async tellOwners(): Promise<void> {
      for (const calendar of await findToTell(orm.em.fork())) {
        const notice = renderSignedOut({ ...calendar, url: signInLinks.url(calendar) });
        let isTold = calendar.addresses.length === 0;
        for (const address of calendar.addresses) {
          const id = uuidv5(`calendar ${calendar.id} ${address} ${now().toISOString().slice(0, 10)}`, noticeNamespace);
          const to = { name: calendar.barberName, address };
          const went = await mail(id, { to, ...notice, headers: { 'X-Punctual-Kind': 'sign_in_barber' } });
          isTold ||= went;
        }
        // Who has heard of it is not written to again today because another could not be reached.
        if (isTold) await noteTold(orm.em.fork(), calendar.id);
      }
    },
  };
}
