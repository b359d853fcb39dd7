/** What the sentence about one refusal is made from, and the words that several of them share. */
import { busyStretches, type Placement } from '../judgement.ts';
import { barberOf, type Lineup, type Staff } from '../lineup.ts';
import { lengthOf, type Candidate, type Interval, type Offer, type Refused, type ShopRules, type Visit } from '../rules.ts';
import { MINUTE } from '../time.ts';
import type { Speaker } from './texts.ts';

/** One time for one visit; instants are epoch milliseconds. */
export type Question = {
  shop: ShopRules & { name: string };
  candidates: (Candidate & { name: string })[];
  services: { id: string; name: string }[];
  visit: Visit;
  startsAt: number;
  now: number;
  locale: string;
};

/** All that the sentence about one refusal is made from. `barber` and `service` are names. */
export type Case = Question & {
  say: Speaker;
  staff: Staff;
  lineups: Lineup[] | null;
  refusal: Refused;
  placement: Placement;
  barber: string;
  service: string;
};

export const spoken = (reason: string): string =>
  reason
    .replaceAll(/\s+/g, ' ')
    .replace(/[. ]+$/, '')
    .trim();
export const nameOf = ({ candidates }: Question, barberId: string): string | undefined =>
  candidates.find(({ barber }) => barber.barberId === barberId)?.name;
export const titleOf = ({ services }: Question, serviceId: string, { texts }: Speaker): string =>
  services.find(({ id }) => id === serviceId)?.name ?? texts.someService;

/** That a part needs the barber at a time, behind what is in its way. */
export const need = ({ say, barber, startsAt }: Case, service: string, { from, to }: Interval): string =>
  say.texts.needs({ service, barber, span: say.span(startsAt, from, to) });

/** What the barber may be needed for. Where a chain was searched for, the refused service, at every time that it might come to. */
export function partsOf({ staff, lineups, startsAt, refusal, placement }: Case): { offer: Offer; at: number }[] {
  const barberId = barberOf(placement);
  const lineup = lineups?.find((each) => each.some((part) => barberOf(part) === barberId))?.map((part) => [part]);
  const parts: { offer: Offer; at: number }[] = [];
  let starts = [startsAt];
  for (const options of lineup ?? staff.choices) {
    const mine = options.filter((each) => barberOf(each) === barberId && (lineup || each.offer.serviceId === refusal.serviceId));
    parts.push(...starts.flatMap((at) => mine.map(({ offer }) => ({ offer, at }))));
    starts = [...new Set(starts.flatMap((at) => options.map(({ offer }) => at + lengthOf(offer.segments) * MINUTE)))];
  }
  return parts;
}

/** For which part the barber is needed during what is in the way; nothing to say where that holds the start that was asked for. */
export function needBeyond(known: Case): string {
  const {
    say,
    startsAt,
    refusal: { at },
  } = known;
  if (at.from <= startsAt && startsAt < at.to) return '';
  const met = partsOf(known)
    .flatMap((part) => busyStretches(part.offer, part.at).map((busy) => ({ ...busy, part })))
    .find(({ from, to }) => from < at.to && at.from < to);
  return met ? need(known, titleOf(known, met.part.offer.serviceId, say), met) : '';
}
