/** Reads what mail servers send back when a mail could not be delivered: delivery status notifications (RFC 3464), with mailparser. */
import { simpleParser, type Attachment } from 'mailparser';

export type Bounce = {
  /** By a header of ours, since some servers rewrite the Message-ID; else by that. */
  deliveryId: string;
  /** RFC 3463, such as 5.1.1. */
  status: string;
  /** Nobody has this address: X.1.1 to X.1.3 and X.1.10 speak of the address, X.2.1 of a mailbox that is shut. */
  isBadAddress: boolean;
};

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const textOf = (part: Attachment): string => part.content.toString('utf8');

/**
 * Null for what is no notification, or tells of a delay. `failed` is final whatever the status (RFC 3464, 2.3.3): a server that has given
 * up after days of trying says it with the 4.x.x of its last try.
 */
export async function readBounce(raw: Buffer): Promise<Bounce | null> {
  const { attachments } = await simpleParser(raw, {
    keepDeliveryStatus: true,
    skipImageLinks: true,
    skipTextToHtml: true,
    skipHtmlToText: true,
  });
  const report = attachments.find(({ contentType }) => contentType === 'message/delivery-status');
  const original = attachments.find(({ contentType }) => contentType === 'text/rfc822-headers' || contentType === 'message/rfc822');
  if (!report || !original) return null;
  const headers = textOf(original);
  const [, deliveryId] =
    new RegExp(`^X-Punctual-Delivery:\\s*(${uuid})\\s*$`, 'im').exec(headers) ??
    new RegExp(`^Message-ID:\\s*<(${uuid})@punctual>`, 'im').exec(headers) ??
    [];
  // The first group of fields is about the message, each other about one recipient; ours have one.
  const recipient = textOf(report)
    .split(/\r?\n\s*\r?\n/)
    .find((group) => /^Action:\s*failed\s*$/im.test(group));
  const status = recipient && /^Status:\s*([45]\.\d{1,3}\.\d{1,3})\b/im.exec(recipient)?.[1];
  return deliveryId && status ? { deliveryId, status, isBadAddress: /^5\.(1\.([123]|10)|2\.1)$/.test(status) } : null;
}
