/** A policy in words, for answers and messages. Each rule is one sentence; a missing language fails the type check. */
import type { BookingPolicy } from './policy.ts';

type Words = {
  cancel: (policy: BookingPolicy) => string;
  move: (policy: BookingPolicy) => string;
  late: (policy: BookingPolicy) => string | null;
  strikes: (policy: BookingPolicy) => string | null;
};

const unit = (minutes: number, [minute, hour, day]: [[string, string], [string, string], [string, string]]): string => {
  const [count, names] = minutes % 1440 === 0 ? [minutes / 1440, day] : minutes % 60 === 0 ? [minutes / 60, hour] : [minutes, minute];
  return `${count} ${names[count === 1 ? 0 : 1]}`;
};
const enLength = (minutes: number): string =>
  unit(minutes, [
    ['minute', 'minutes'],
    ['hour', 'hours'],
    ['day', 'days'],
  ]);
const ptLength = (minutes: number): string =>
  unit(minutes, [
    ['minuto', 'minutos'],
    ['hora', 'horas'],
    ['dia', 'dias'],
  ]);

const en: Words = {
  cancel: ({ cancelCutoffMinutes: cutoff, lateCancel }) =>
    cutoff === 0
      ? 'You can cancel until the visit begins.'
      : `You can cancel until ${enLength(cutoff)} before the visit; ${lateCancel === 'refuse' ? 'after that, please call the shop.' : 'later cancellations count as late.'}`,
  move: ({ rescheduleCutoffMinutes: cutoff }) =>
    cutoff === 0 ? 'You can move the visit until it begins.' : `You can move the visit until ${enLength(cutoff)} before it.`,
  late: ({ noShowGraceMinutes: grace }) =>
    grace === null ? null : grace === 0 ? 'Please be on time: we cannot keep your chair.' : `We keep your chair for ${enLength(grace)}.`,
  strikes: ({ strikesForApproval, strikesForBlock, strikeWindowDays }) => {
    const parts = [
      ...(strikesForApproval === null ? [] : [`${strikesForApproval}, the shop must approve bookings`]),
      ...(strikesForBlock === null ? [] : [`${strikesForBlock}, it takes no more bookings online`]),
    ];
    return parts.length === 0
      ? null
      : `Late cancellations and missed visits of ${strikeWindowDays} days are counted: from ${parts.join('; from ')}.`;
  },
};

const pt: Words = {
  cancel: ({ cancelCutoffMinutes: cutoff, lateCancel }) =>
    cutoff === 0
      ? 'Pode cancelar até ao início da visita.'
      : `Pode cancelar até ${ptLength(cutoff)} antes da visita; ${lateCancel === 'refuse' ? 'depois disso, ligue por favor para a loja.' : 'depois disso, conta como cancelamento tardio.'}`,
  move: ({ rescheduleCutoffMinutes: cutoff }) =>
    cutoff === 0 ? 'Pode mudar a hora até ao início da visita.' : `Pode mudar a hora até ${ptLength(cutoff)} antes da visita.`,
  late: ({ noShowGraceMinutes: grace }) =>
    grace === null
      ? null
      : grace === 0
        ? 'Chegue por favor a horas: não podemos guardar a cadeira.'
        : `Guardamos a sua cadeira durante ${ptLength(grace)}.`,
  strikes: ({ strikesForApproval, strikesForBlock, strikeWindowDays }) => {
    const parts = [
      ...(strikesForApproval === null ? [] : [`a partir de ${strikesForApproval}, a loja tem de aprovar as marcações`]),
      ...(strikesForBlock === null ? [] : [`a partir de ${strikesForBlock}, deixa de aceitar marcações em linha`]),
    ];
    return parts.length === 0 ? null : `Contamos os cancelamentos tardios e as faltas de ${strikeWindowDays} dias: ${parts.join('; ')}.`;
  },
};

const catalogue = { en, pt };

/** What the customer agrees to, in sentences. */
export function policyText(policy: BookingPolicy, language: keyof typeof catalogue): string {
  const words = catalogue[language];
  return [words.cancel(policy), words.move(policy), words.late(policy), words.strikes(policy)]
    .filter((sentence) => sentence !== null)
    .join(' ');
}
