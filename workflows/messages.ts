/**
 * The front door of the workflows: ids, inputs, results, updates, queries. Everything here is ids, instants and lengths: what Temporal
 * stores must be worth nothing to a thief.
 */
import { defineQuery, defineUpdate } from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { AppointmentStatus, CancelResult, Outcome, PlannedDelivery, RetimeResult } from '../src/domain/appointment.ts';
import type { Visit } from '../src/domain/rules.ts';

export const appointmentWorkflowId = (appointmentId: string): string => `appointment-${appointmentId}`;

/** Effects run on a queue of their own, so that a flood of them never slows an answer. */
export const effectsQueue = (taskQueue: string): string => `${taskQueue}-effects`;

/** How long things may take. Workflow input, so that an appointment keeps the rules it was booked under and tests can shorten them. */
export type Policy = {
  /** What is not decided so long after the workflow's start ends refused. */
  reserveWithinSeconds: number;
  /** Waits before the second, third, … try of an effect; after the last one, `retryEverySeconds`. */
  retryAfterSeconds: number[];
  retryEverySeconds: number;
  /** Nothing is started later than this after an effect's first try. */
  giveUpAfterSeconds: number;
};

export const defaultPolicy: Policy = { reserveWithinSeconds: 60, retryAfterSeconds: [1, 5, 10, 30, 60], retryEverySeconds: 900, giveUpAfterSeconds: 86_400 };

export type AppointmentInput = {
  appointmentId: string;
  networkId: string;
  shopId: string;
  serviceId: string;
  /** Null asks for any barber. */
  barberId: string | null;
  /** What is wanted, when it is more than one service; the two fields above are then those of the first. */
  visit?: Visit;
  /** ISO 8601, UTC. */
  startsAt: string;
  policy: Policy;
};

/** The workflow's type, for clients; the code stays in the worker. */
export type AppointmentWorkflow = (input: AppointmentInput) => Promise<AppointmentState>;

/** Sends what an appointment's own workflow can no longer send. */
export type RedeliveryInput = { appointmentId: string; networkId: string; policy: Policy; deliveries: PlannedDelivery[] };
export type RedeliveryWorkflow = (input: RedeliveryInput) => Promise<void>;
export const redeliveryWorkflowId = (appointmentId: string): string => `redelivery-${appointmentId}`;

export type CancelRequest = { actor: string };
export type RetimeRequest = { actor: string };

export type AppointmentState = { step: 'reserving' | AppointmentStatus | 'refused' | 'over'; outcome: Outcome | null };

/** Waits for the decision. Its update id is constant: repeating the call joins the first one, also after the workflow closed. */
export const bookUpdate = defineUpdate<Outcome>('book');
export const bookUpdateId = 'book';

export const cancelUpdate = defineUpdate<CancelResult, [CancelRequest]>('cancel');

/** Brings the appointment back to its promised wall time after clock rules have changed. */
export const retimeUpdate = defineUpdate<RetimeResult, [RetimeRequest]>('retime');

export const stateQuery = defineQuery<AppointmentState>('state');

export const searchAttributes = {
  network: defineSearchAttributeKey('PunctualNetwork', 'KEYWORD'),
  shop: defineSearchAttributeKey('PunctualShop', 'KEYWORD'),
  barber: defineSearchAttributeKey('PunctualBarber', 'KEYWORD'),
  status: defineSearchAttributeKey('PunctualStatus', 'KEYWORD'),
  startsAt: defineSearchAttributeKey('PunctualStartsAt', 'DATETIME'),
};
