/** Effects of an appointment whose own workflow is gone; with the same policy, and as visible. */
import { deliverAll } from './effects.ts';
import type { RedeliveryInput } from './messages.ts';

export async function redelivery(input: RedeliveryInput): Promise<void> {
  await deliverAll(input, input.deliveries);
}
