/** A visit as messages tell of it, and what a reader sees of a mail. */
import type { MessageView } from '../../src/domain/message.ts';

export const view: MessageView = {
  appointmentId: '7b0f1c1e-8a51-5c3c-9d55-0e6a4c3a2f10',
  shopName: 'Barbearia do Chiado',
  shopAddress: 'Rua Garrett 12, 1200-203 Lisboa',
  shopPhone: '+351213000111',
  shopTimeZone: 'Europe/Lisbon',
  shopLocale: 'pt-PT',
  serviceName: 'Corte e barba',
  barberName: 'Tiago Nunes',
  customerName: 'Ana Conceição',
  customerTimeZone: 'Europe/Lisbon',
  startsAt: '2026-11-27T10:30:00.000Z',
  endsAt: '2026-11-27T11:15:00.000Z',
  priceCents: 2250,
  currency: 'EUR',
};
export const refused: MessageView = {
  ...view,
  reasonCode: 'slot_taken',
  nearest: ['2026-11-27T11:30:00.000Z', '2026-11-27T12:00:00.000Z', '2026-11-27T14:00:00.000Z', '2026-11-27T15:00:00.000Z'],
};
/** Two barbers, one of whom comes twice. */
export const several: MessageView = {
  ...view,
  serviceName: 'Corte + Barba + Lavagem',
  barberName: null,
  endsAt: '2026-11-27T11:45:00.000Z',
  priceCents: 3750,
  parts: [
    { serviceName: 'Corte', barberName: 'Tiago Nunes', startsAt: '2026-11-27T10:30:00.000Z', endsAt: '2026-11-27T11:00:00.000Z' },
    { serviceName: 'Barba', barberName: 'Inês Sá', startsAt: '2026-11-27T11:00:00.000Z', endsAt: '2026-11-27T11:30:00.000Z' },
    { serviceName: 'Lavagem', barberName: 'Tiago Nunes', startsAt: '2026-11-27T11:30:00.000Z', endsAt: '2026-11-27T11:45:00.000Z' },
  ],
};

/** What HTML must show of a text: "label: value" is two cells there; nothing else may differ. */
export const told = (text: string): string[] =>
  text
    .split('\n')
    .flatMap((line, index) => (line.startsWith('- ') ? [line.slice(2)] : index > 3 ? line.split(/(?<=^[\p{L} ]+):(?: |$)/u) : [line]))
    .filter((line) => line !== '' && !line.startsWith('https://'));

/** The text that a browser would show of the mail's HTML, a line for each paragraph, cell and list entry. */
export const shown = (html: string): string[] =>
  html
    .replace(/<head>.*<\/head>/s, '')
    .replaceAll(/<[^>]*>/g, '\n')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
