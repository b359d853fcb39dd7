/** What a shop agrees with its customers: cut-offs and their consequences. An appointment keeps the policy that it was booked under. */
import { defaultSettings, type Settings } from './settings.ts';

const names = [
  'cancelCutoffMinutes',
  'lateCancel',
  'rescheduleCutoffMinutes',
  'noShowGraceMinutes',
  'reminderLeadMinutes',
  'reminderJitterSeconds',
  'quietHours',
  'reminderChannels',
  'messageChannels',
  'alsoBySms',
  'approvalRequired',
  'approvalWithinMinutes',
  'strikeWindowDays',
  'strikesForApproval',
  'strikesForBlock',
  'maxVisitsPerCustomerDay',
  'maxUpcomingVisitsPerCustomer',
] as const satisfies (keyof Settings)[];

/** All settings that matter after a time was claimed. */
export type BookingPolicy = Pick<Settings, (typeof names)[number]> & {
  /** The customer has moved the visit when it was too late to cancel freely: it stays too late. */
  movedLate?: boolean;
};

/** The part of the settings that an appointment keeps; of appointments from before there were policies, the defaults. */
export function policyOf(settings: Partial<Settings> & { movedLate?: boolean }): BookingPolicy {
  const all = { ...defaultSettings, ...settings };
  return {
    ...(Object.fromEntries(names.map((name) => [name, all[name]])) as BookingPolicy),
    ...(settings.movedLate && { movedLate: true }),
  };
}

/** After the shop itself has upset the plan: the customer may move or cancel at any time, and nothing of it counts as late. */
export const withoutCutoffs = (policy: Partial<BookingPolicy>): Partial<BookingPolicy> => ({
  ...policy,
  cancelCutoffMinutes: 0,
  rescheduleCutoffMinutes: 0,
  movedLate: false,
});

/** What a customer's record of late cancellations and no-shows asks for. */
export function judgeStrikes(
  strikes: number,
  { strikesForApproval, strikesForBlock }: Pick<Settings, 'strikesForApproval' | 'strikesForBlock'>,
): 'free' | 'approval' | 'block' {
  if (strikesForBlock !== null && strikes >= strikesForBlock) return 'block';
  return strikesForApproval !== null && strikes >= strikesForApproval ? 'approval' : 'free';
}
