/**
 * The holiday sets that come with the engine: Portugal, its regions and its municipalities, by the law of 2026. A set says what holds
 * now, for bookings lie ahead: it does not know that the Dia da Autonomia began in 2025 or that four days were suspended in 2013–2015.
 */
import { contractions, municipalDays, type MunicipalDay } from './holiday-sets/pt-municipalities.ts';
import type { HolidayRule, HolidaySet } from './holidays.ts';

/** Código do Trabalho, artigo 234.º, n.º 1: the mandatory holidays, Easter Sunday among them. */
const national: HolidayRule[] = [
  { name: 'Ano Novo', monthDay: '01-01' },
  { name: 'Sexta-Feira Santa', easterOffset: -2 },
  { name: 'Domingo de Páscoa', easterOffset: 0 },
  { name: 'Dia da Liberdade', monthDay: '04-25' },
  { name: 'Dia do Trabalhador', monthDay: '05-01' },
  { name: 'Corpo de Deus', easterOffset: 60 },
  { name: 'Dia de Portugal, de Camões e das Comunidades Portuguesas', monthDay: '06-10' },
  { name: 'Assunção de Nossa Senhora', monthDay: '08-15' },
  { name: 'Implantação da República', monthDay: '10-05' },
  { name: 'Dia de Todos os Santos', monthDay: '11-01' },
  { name: 'Restauração da Independência', monthDay: '12-01' },
  { name: 'Imaculada Conceição', monthDay: '12-08' },
  { name: 'Natal', monthDay: '12-25' },
];

/** Decreto Regional 13/80/A; Decreto Regional 27/79/M, Decretos Legislativos Regionais 18/2002/M and 17/2024/M. Carnival: artigo 235.º. */
const regional: HolidaySet[] = [
  { slug: 'pt', name: 'Portugal', days: national },
  { slug: 'pt-carnaval', name: 'Portugal: Carnaval (facultativo)', days: [{ name: 'Terça-feira de Carnaval', easterOffset: -47 }] },
  { slug: 'pt-acores', name: 'Região Autónoma dos Açores', days: [{ name: 'Dia da Região Autónoma dos Açores', easterOffset: 50 }] },
  {
    slug: 'pt-madeira',
    name: 'Região Autónoma da Madeira',
    days: [
      { name: 'Dia da Autonomia', monthDay: '04-02' },
      { name: 'Dia da Região Autónoma da Madeira e das Comunidades Madeirenses', monthDay: '07-01' },
      { name: 'Primeira Oitava', monthDay: '12-26' },
    ],
  },
];

const joiners = new Map(
  Object.entries(contractions).flatMap(([joiner, names]) => names.split(', ').map((name) => [name, joiner] as const)),
);

/** Kebab-case without accents: `Vila Nova de Foz Côa` becomes `vila-nova-de-foz-coa`, `Lagoa (Açores)` `lagoa-acores`. */
const slugOf = (name: string): string =>
  name
    .normalize('NFD')
    .toLowerCase()
    .replace(/\p{M}|[()]/gu, '')
    .replaceAll(' ', '-');

function municipalSet(municipality: string, day: MunicipalDay, reason: string): HolidaySet {
  // Of two places of one name the set's name says which; the day's name stands in a calendar whose place is known.
  const place = municipality.replace(/ \(.*\)$/, '');
  const name = `Feriado municipal ${joiners.get(municipality) ?? 'de'} ${place}${reason && ` (${reason})`}`;
  const when = typeof day === 'string' ? { monthDay: day } : typeof day === 'number' ? { easterOffset: day } : day;
  return { slug: `pt-${slugOf(municipality)}`, name: municipality, days: [{ name, ...when }] };
}

const municipal = municipalDays
  .flatMap(([day, reason, names]) => names.split(', ').map((name) => municipalSet(name, day, reason)))
  .sort((one, other) => (one.slug < other.slug ? -1 : 1));

/** Every set: the country, Carnival, the two regions, then the municipalities by slug. */
export const shippedHolidaySets: HolidaySet[] = [...regional, ...municipal];

const bySlug = new Map(shippedHolidaySets.map((set) => [set.slug, set]));

/** The shipped set of that slug, or undefined. */
export const findShippedSet = (slug: string): HolidaySet | undefined => bySlug.get(slug);
