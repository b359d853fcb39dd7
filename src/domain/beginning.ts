/** How an appointment begins: in which state, and until when that is to be answered. Pure; instants are epoch milliseconds. */
import type { AppointmentStatus } from './appointment.ts';
import type { Entry } from './change.ts';
import type { Settings } from './rules.ts';
import { MINUTE } from './time.ts';

export type Beginning = { status: AppointmentStatus; decideBy: number | null };

/** `record`: what the customer's past visits ask for; staff know whom they book. */
export function beginningOf(entry: Entry, settings: Settings, record: 'free' | 'approval', startsAt: number, now: number): Beginning {
  switch (entry.kind) {
    case 'hold':
    case 'offer': {
      const allowed = entry.kind === 'hold' ? settings.holdSeconds : settings.offerMinutes * 60;
      return { status: 'held', decideBy: now + Math.min(entry.holdSeconds ?? allowed, allowed) * 1000 };
    }
    case 'walk_in':
      return { status: 'checked_in', decideBy: null };
    case 'book': {
      const mustAsk = entry.by !== 'staff' && (record === 'approval' || settings.approvalRequired);
      return mustAsk
        ? { status: 'pending_approval', decideBy: Math.min(now + settings.approvalWithinMinutes * MINUTE, startsAt) }
        : { status: 'confirmed', decideBy: null };
    }
  }
}
