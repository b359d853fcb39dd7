/**
 * Invented customers for the replay file. Mails go to .example; telephone numbers come from ranges set aside for drama (555-01xx in North
 * America, +44 7700 900, +33 6 39 98) or, for Portugal, which has none, from +351 5…, which the national plan keeps for a later day.
 */
import { foreignName, mailName, portugueseName } from './names.ts';
import type { Random } from './random.ts';

export type SampleCustomer = { name: string; email: string; phone: string; timeZone: string; locale: 'pt-PT' | 'en-GB' };

type Profile = { share: number; timeZone: string; locale: SampleCustomer['locale']; phone: (index: number) => string };

const digits = (value: number, length: number): string => String(value).padStart(length, '0');
const newYorkAreas = ['212', '646', '718', '917', '347'];

const abroad: Profile[] = [
  { share: 3, timeZone: 'America/New_York', locale: 'en-GB', phone: (i) => `+1${newYorkAreas[Math.floor(i / 100) % 5]}55501${digits(i % 100, 2)}` },
  { share: 3, timeZone: 'Europe/London', locale: 'en-GB', phone: (i) => `+447700900${digits(i % 1000, 3)}` },
  { share: 2, timeZone: 'Europe/Paris', locale: 'en-GB', phone: (i) => `+3363998${digits(i % 10_000, 4)}` },
  { share: 2, timeZone: 'Europe/Paris', locale: 'pt-PT', phone: (i) => `+3363998${digits(i % 10_000, 4)}` },
];

const shareAbroad = 0.08;
const shareOfExpatriates = 0.05;

/** Makes people one after another, no two alike in e-mail or phone; `shopZone` is where those who live nearby have their clock. */
export function customerMaker(random: Random): (shopZone: string) => SampleCustomer {
  let made = 0;
  let madeAbroad = 0;
  return (shopZone) => {
    made += 1;
    if (random.next() < shareAbroad) {
      const { timeZone, locale, phone } = random.pick(abroad, (profile) => profile.share);
      const name = locale === 'pt-PT' ? portugueseName(made + 500) : foreignName(madeAbroad);
      madeAbroad += 1;
      return { name, email: `${mailName(name)}.${made}@mail.example`, phone: phone(madeAbroad), timeZone, locale };
    }
    const name = portugueseName(made + 500);
    const locale = random.next() < shareOfExpatriates ? 'en-GB' : 'pt-PT';
    return { name, email: `${mailName(name)}.${made}@correio.example`, phone: `+35151${digits(made, 7)}`, timeZone: shopZone, locale };
  };
}
