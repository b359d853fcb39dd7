import type { DeliveryState } from '../src/domain/effects.ts';
import type { SendResult } from '../workflows/messages.ts';

/** What the workflow is told: did it go, does it wait for a person, is it due by another way, or neither. */
export const toResult = (state: DeliveryState): SendResult => ({
  state: state === 'delivered' || state === 'parked' ? state : state === 'due' ? 'unreachable' : 'skipped',
});
