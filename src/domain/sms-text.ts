/** SMS texts: one line of news and the link that matters most, as short as it can be. Pure. */
import { SegmentedMessage } from 'sms-segments-calculator';
import type { MessageKind } from './effects.ts';

/** How many SMS a text is (3GPP TS 23.038, 23.040), as Twilio itself counts them: 160 or 70 characters, and 153 or 67 each of several. */
export const countSegments = (text: string): number => Math.max(1, new SegmentedMessage(text).segmentsCount);

/**
 * Letters that 7 bits cannot carry lose their accents (ã becomes a), as SMS in Portuguese are commonly written; what has none stays. One
 * other character would make the whole SMS cost 16 bits each.
 */
function folded(text: string): string {
  // The library makes two spaces of a hard one.
  const smart = new SegmentedMessage(text.replaceAll(/[\u00a0\u202f]/g, ' '), 'auto', true).graphemes.join('');
  const costly = new Set(new SegmentedMessage(smart).getNonGsmCharacters());
  return Array.from(smart)
    .map((each) => (costly.has(each) ? (plain[each] ?? each.normalize('NFD').replace(/\p{M}/gu, '')) : each))
    .join('');
}
const plain: Record<string, string> = { ç: 'c', º: 'o', ª: 'a' };

/** More than so many are not worth their price. */
const mostSegments = 3;

/** An offer needs both its links; of others, the first is the one that matters. */
export function smsText(subject: string, why: string, links: { name: string; url: string }[], kind: MessageKind): string {
  const shown = links.slice(0, kind === 'offer_customer' ? 2 : 1).map(({ name, url }) => `${name}: ${url}`);
  const make = (parts: string[]): string => folded(parts.filter(Boolean).join('\n'));
  const whole = make([why ? `${subject}. ${why}` : subject, ...shown]);
  if (countSegments(whole) <= mostSegments) return whole;
  const brief = make([subject, ...links.slice(0, shown.length).map(({ url }) => url)]);
  if (countSegments(brief) <= mostSegments) return brief;
  // A shop with a very long name: the link must stay whole. As much of it as fits, found by halving.
  const letters = Array.from(subject);
  const cutTo = (kept: number): string =>
    make([`${letters.slice(0, kept).join('').trimEnd()}...`, ...links.slice(0, shown.length).map(({ url }) => url)]);
  let [fits, tooLong] = [0, letters.length];
  while (tooLong - fits > 1) {
    const middle = Math.floor((fits + tooLong) / 2);
    if (countSegments(cutTo(middle)) <= mostSegments) fits = middle;
    else tooLong = middle;
  }
  return fits > 0 ? cutTo(fits) : brief;
}
