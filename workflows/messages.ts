/**
 * The front door of the workflows: ids, inputs, results, updates, queries. Everything here is ids, instants and lengths: what Temporal
 * stores must be worth nothing to a thief.
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { AppointmentStatus } from '../src/domain/appointment.ts';
import type { CancelResult, Change, ChangeResult, Entry, RetimeResult } from '../src/domain/change.ts';
import type { PlannedDelivery } from '../src/domain/effects.ts';
import type { CalendarProvider, Channel } from '../src/domain/channel.ts';
import type { Outcome } from '../src/domain/outcome.ts';
import type { Visit } from '../src/domain/rules.ts';

export const appointmentWorkflowId = (appointmentId: string): string => `appointment-${appointmentId}`;

/**
 * Effects run on queues of their own, one for each provider, so that a flood of them never slows an answer and a slow provider slows no
 * other.
 */
export const effectsQueue = (taskQueue: string, channel: Channel): string =>
  channel === 'mail' ? `${taskQueue}-effects` : `${taskQueue}-effects-${channel}`;

/**
 * Reading a provider's calendars has one more: each entry that we write makes its calendar be read, and a flood of those must not take the
 * writes' turn.
 */
export const mirrorQueue = (taskQueue: string, provider: CalendarProvider): string => `${effectsQueue(taskQueue, provider)}-mirror`;

/** How an attempt at an effect ended. `unreachable`: not by this way; the next one's turn. */
export type SendState = 'delivered' | 'parked' | 'skipped' | 'unreachable';
export type SendResult = { state: SendState };

/** How long things may take. Workflow input, so that an appointment keeps the rules it was booked under and tests can shorten them. */
export type Policy = {
  /** What is not decided so long after the workflow's start ends refused. */
  reserveWithinSeconds: number;
  /** Waits before the second, third, … try of an effect; after the last one, `retryEverySeconds`. */
  retryAfterSeconds: number[];
  retryEverySeconds: number;
  /** Nothing is started later than this after an effect's first try. */
  giveUpAfterSeconds: number;
  /** So long after its end a visit is closed: until then people may still put right what happened. A day, where it is missing. */
  closeAfterSeconds?: number;
};

export const defaultPolicy: Policy = {
  reserveWithinSeconds: 60,
  retryAfterSeconds: [1, 5, 10, 30, 60],
  retryEverySeconds: 900,
  giveUpAfterSeconds: 86_400,
  closeAfterSeconds: 86_400,
};

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
  /** How it comes to be, when it is not a plain booking. */
  entry?: Entry;
  policy: Policy;
};

/** The workflow's type, for clients; the code stays in the worker. */
export type AppointmentWorkflow = (input: AppointmentInput) => Promise<AppointmentState>;

/** Sends what an appointment's own workflow can no longer send. */
export type RedeliveryInput = { appointmentId: string; networkId: string; policy: Policy; deliveries: PlannedDelivery[] };
export type RedeliveryWorkflow = (input: RedeliveryInput) => Promise<void>;
export const redeliveryWorkflowId = (appointmentId: string, version: number | string): string => `redelivery-${appointmentId}-${version}`;

/**
 * Hands effects that no workflow has over to one. With `sweep`, it first looks for those that were lost, and for sign-ins that work again.
 */
export type HandoverInput = { sweep: boolean; policy: Policy };
export type HandoverWorkflow = (input: HandoverInput) => Promise<number>;

/** Ids of effects that a person has given up: nobody waits for them any more. */
export const givenUpSignal = defineSignal<[string[]]>('givenUp');

/** Effects that were opened again; false when this workflow is at its end and cannot take them. */
export const redeliverUpdate = defineUpdate<boolean, [PlannedDelivery[]]>('redeliver');

export type CancelRequest = { actor: string };
export type RetimeRequest = { actor: string };

/** `over`, of appointments from before version 3: the visit has ended. */
export type AppointmentState = { step: 'reserving' | AppointmentStatus | 'over'; outcome: Outcome | null; version?: number };

/** Waits for the decision. Its update id is constant: repeating the call joins the first one, also after the workflow closed. */
export const bookUpdate = defineUpdate<Outcome>('book');
export const bookUpdateId = 'book';

/** Everything that may be asked of an appointment. The update's id is the caller's, so that a repeated call gets the first one's answer. */
export const changeUpdate = defineUpdate<ChangeResult, [Change]>('change');

/** What appointments from before version 3 listen to. */
export const cancelUpdate = defineUpdate<CancelResult, [CancelRequest]>('cancel');

export const retimeUpdate = defineUpdate<RetimeResult, [RetimeRequest]>('retime');

export const stateQuery = defineQuery<AppointmentState>('state');

export const searchAttributes = {
  network: defineSearchAttributeKey('PunctualNetwork', 'KEYWORD'),
  shop: defineSearchAttributeKey('PunctualShop', 'KEYWORD'),
  barber: defineSearchAttributeKey('PunctualBarber', 'KEYWORD'),
  status: defineSearchAttributeKey('PunctualStatus', 'KEYWORD'),
  startsAt: defineSearchAttributeKey('PunctualStartsAt', 'DATETIME'),
  /** How many of its effects wait for a person. */
  parked: defineSearchAttributeKey('PunctualParked', 'INT'),
};

/** With what an appointment can be found in the Temporal UI from its first moment on. */
export const searchAttributesOf = (input: AppointmentInput) => [
  { key: searchAttributes.network, value: input.networkId },
  { key: searchAttributes.shop, value: input.shopId },
  ...(input.barberId ? [{ key: searchAttributes.barber, value: input.barberId }] : []),
  { key: searchAttributes.status, value: 'reserving' },
  { key: searchAttributes.startsAt, value: new Date(input.startsAt) },
];

/** Well above a reservation; a worker that dies inside one is noticed after this. */
export const workflowTaskTimeout = '5s';

/** Whatever its own timer should have ended and has not. */
export type OverdueInput = { policy: Policy };

/** Who is to be looked after: one shop's waitlist, or (without a shop) everybody's. `cause` makes repeating harmless. */
export type WaitlistInput = { networkId?: string; shopId?: string; cause: string; policy: Policy };
export type WaitlistWorkflow = (input: WaitlistInput) => Promise<number>;

/** Reading one barber's calendar. By CalDAV, where no provider is named. */
export type CalendarMirrorInput = { networkId: string; connectionId: string; policy: Policy; provider?: CalendarProvider };
/** `repaired`: so many entries are to be written or taken away, and no workflow has them yet. */
export type MirrorRead = { isOver: boolean; againInSeconds: number; repaired: number };
export const calendarMirrorWorkflowId = (connectionId: string): string => `calendar-${connectionId}`;
/** Something may have changed there. */
export const lookSignal = defineSignal<[]>('look');

/** Taking the visits of a blocked day elsewhere: which they are stands in the database. */
export type RelocationInput = { networkId: string; relocationId: string; policy: Policy };
export type RelocationProgress = { total: number; moved: number; offered: number; gone: number; stuck: number; left: number };
export type RelocationWorkflow = (input: RelocationInput) => Promise<RelocationProgress>;
export const relocationWorkflowId = (relocationId: string): string => `relocation-${relocationId}`;
export const progressQuery = defineQuery<RelocationProgress>('progress');
