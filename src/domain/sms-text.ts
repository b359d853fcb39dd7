/** SMS texts: one line of news and the link that matters most, as short as it can be. Pure. */
import type { DeliveryKind } from './effects.ts';

/** What GSM 03.38 can carry at 7 bits a character; one other character makes the whole SMS cost 16 bits each. */
const gsm = new Set('@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà');
/** These take two of the 7-bit characters. */
const gsmExtended = new Set('^{}\\[~]|€\f');

/** How many SMS a text is (3GPP TS 23.038, 23.040): 160 or 70 characters, and 153 or 67 each of several. */
export function countSegments(text: string): number {
  const characters = Array.from(text);
  const isPlain = characters.every((each) => gsm.has(each) || gsmExtended.has(each));
  const lengths = characters.map((each) => (isPlain ? (gsmExtended.has(each) ? 2 : 1) : each.length));
  const [one, each] = isPlain ? [160, 153] : [70, 67];
  if (lengths.reduce((sum, length) => sum + length, 0) <= one) return 1;
  // What takes two places is not divided between two SMS.
  let [segments, filled] = [1, 0];
  for (const length of lengths) {
    if (filled + length > each) [segments, filled] = [segments + 1, 0];
    filled += length;
  }
  return segments;
}

/** Letters that 7 bits cannot carry lose their accents (ã becomes a), as SMS in Portuguese are commonly written; what has none stays. */
const folded = (text: string): string => Array.from(text).map((each) => (gsm.has(each) || gsmExtended.has(each) ? each : (plain[each] ?? each.normalize('NFD').replace(/\p{M}/gu, '')))).join('');
const plain: Record<string, string> = { '–': '-', '—': '-', '‘': '\'', '’': '\'', '“': '"', '”': '"', '…': '...', '\u00a0': ' ', '\u202f': ' ', ç: 'c', º: 'o', ª: 'a' };

/** More than so many are not worth their price. */
const mostSegments = 3;

/** An offer needs both its links; of others, the first is the one that matters. */
export function smsText(subject: string, why: string, links: { name: string; url: string }[], kind: DeliveryKind): string {
  const shown = links.slice(0, kind === 'offer_customer' ? 2 : 1).map(({ name, url }) => `${name}: ${url}`);
  const make = (parts: string[]): string => folded(parts.filter(Boolean).join('\n'));
  const whole = make([why ? `${subject}. ${why}` : subject, ...shown]);
  if (countSegments(whole) <= mostSegments) return whole;
  const brief = make([subject, ...links.slice(0, shown.length).map(({ url }) => url)]);
  if (countSegments(brief) <= mostSegments) return brief;
  // A shop with a very long name: the link must stay whole.
  for (let kept = subject.length - 1; kept > 0; kept -= 1) {
    const cut = make([`${subject.slice(0, kept).trimEnd()}...`, ...links.slice(0, shown.length).map(({ url }) => url)]);
    if (countSegments(cut) <= mostSegments) return cut;
  }
  return brief;
}
