/**
 * The ways by which an effect can go. Which one a message takes is decided when it is sent: the first by which its reader can be reached.
 */
import type { DeliveryKind, NewDelivery } from './effects.ts';
import type { Settings } from './settings.ts';

export const messageChannels = ['mail', 'sms'] as const;
export type MessageChannel = (typeof messageChannels)[number];

/** Whose calendars we write to and read. */
export const calendarProviders = ['google', 'graph', 'caldav'] as const;
export type CalendarProvider = (typeof calendarProviders)[number];

export const channels = [...messageChannels, ...calendarProviders] as const;
export type Channel = (typeof channels)[number];

/** News that customers may get by SMS too, beside the mail with its invitation. */
export const textable = ['confirmation', 'rescheduled', 'cancellation'] as const;
export type Textable = (typeof textable)[number];

/** News that may correct or take back what an SMS has told; who has that, gets it by SMS too, whatever the shop has chosen. */
export const correcting = [...textable, 'approval', 'declined', 'choose'] as const;

export type ChannelRules = Pick<Settings, 'messageChannels' | 'reminderChannels'> & { alsoBySms: readonly (typeof correcting)[number][] };

/** Barbers are written to by mail, which carries the invitation; customers in the order that the shop has chosen. */
function channelsOf(kind: DeliveryKind, rules: ChannelRules): MessageChannel[] {
  if (kind.endsWith('_barber')) return ['mail'];
  return kind === 'reminder_customer' ? rules.reminderChannels : rules.messageChannels;
}

export type Going = NewDelivery & { channels: Channel[] };

/** Adds to each effect by which ways it may go, and what goes out by SMS beside the mail. */
export function withChannels(effects: NewDelivery[], rules: ChannelRules): Going[] {
  return effects.flatMap((effect): Going[] => {
    if (effect.connectionId && effect.channels) return [{ ...effect, channels: effect.channels }];
    const ways = channelsOf(effect.kind, rules);
    const isAlso =
      effect.kind.endsWith('_customer') && rules.alsoBySms.some((stem) => effect.kind === `${stem}_customer`) && ways[0] === 'mail';
    // With a message of its own by SMS, the mail need not fall back on one.
    if (isAlso)
      return [
        { ...effect, channels: ['mail'] },
        { ...effect, channels: ['sms'] },
      ];
    return [{ ...effect, channels: ways }];
  });
}
