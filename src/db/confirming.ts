/** A hold becomes a booking: whoever typed meanwhile is its customer now, and is judged as any other. */
import type { Change } from '../domain/change.ts';
import { planApproval, planConfirmation, type NewDelivery } from '../domain/effects.ts';
import { policyOf } from '../domain/policy.ts';
import { MINUTE } from '../domain/time.ts';
import { judgeCustomer } from './customer-record.ts';
import { remindOf } from './delivery.ts';
import { Contact, type AppointmentRow } from './entities/appointment.ts';
import type { EntityManager } from './orm.ts';

/**
 * Gives the hold its customer (the contact with the appointment's id, which the caller wrote before) and lets it become `confirmed`, or
 * `pending_approval` where the policy or the customer's record asks for that. Answers the messages that follow.
 */
export async function confirmHold(
  tx: EntityManager,
  row: AppointmentRow,
  { by }: Change,
  now: Date,
  barberIds: string[],
): Promise<NewDelivery[]> {
  const contact = await tx.findOneOrFail(Contact, { id: row.id, networkId: row.networkId });
  const policy = policyOf(row.policy);
  const booking = {
    networkId: row.networkId,
    customerId: contact.customerId,
    appointmentId: row.id,
    startsAt: row.startsAt.getTime(),
    timeZone: row.shopTimeZone,
  };
  const record = by === 'staff' ? 'free' : await judgeCustomer(tx, booking, policy, now);
  Object.assign(row, { customerId: contact.customerId, customerTimeZone: contact.timeZone });
  if (by === 'staff' || (record === 'free' && !policy.approvalRequired)) {
    row.decideBy = null;
    return planConfirmation(row.startsAt.getTime(), remindOf(row), now.getTime(), barberIds);
  }
  row.status = 'pending_approval';
  row.decideBy = new Date(Math.min(now.getTime() + policy.approvalWithinMinutes * MINUTE, row.startsAt.getTime()));
  return planApproval(row.decideBy.getTime(), now.getTime(), barberIds);
}
