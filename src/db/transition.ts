/**
 * What every change of an appointment has in common: the row under its lock, the verdict, the event, and refusals that say where it stands.
 */
import { LockMode } from '@mikro-orm/core';
import { v7 as uuidv7 } from 'uuid';
import { judgeAction, type Action, type AppointmentStatus } from '../domain/appointment.ts';
import type { Change, ChangeRefusal, ChangeResult } from '../domain/change.ts';
import { Appointment, AppointmentEvent, type AppointmentRow } from './entities/appointment.ts';
import type { EntityManager } from './orm.ts';
import { readStand, standingOf } from './stand.ts';

export type AppointmentIds = { networkId: string; appointmentId: string };
export type ChangeOptions = { now: () => Date; closeAfterSeconds: number };

/** Thrown inside the transaction, which rolls back; the answer is a value. */
export class Refused extends Error {
  readonly code: ChangeRefusal;
  constructor(code: ChangeRefusal) {
    super(code);
    this.code = code;
  }
}

/** A refusal that says where the appointment stands, if there is one. */
export async function refusalWithStand(
  em: EntityManager,
  { networkId, appointmentId }: AppointmentIds,
  code: ChangeRefusal,
  options: ChangeOptions,
): Promise<Extract<ChangeResult, { ok: false }>> {
  const fork = em.fork();
  const row = await fork.findOne(Appointment, { id: appointmentId, networkId });
  return { ok: false, code: row ? code : 'not_found', ...(row && { stand: await readStand(fork, row, options.closeAfterSeconds) }) };
}

/** Reads the row under its lock and judges; `already` and refusals have ended the matter. */
export async function lockAndJudge(
  tx: EntityManager,
  { networkId, appointmentId }: AppointmentIds,
  change: Change,
  now: Date,
): Promise<{ row: AppointmentRow; to: AppointmentStatus | 'already'; late: boolean }> {
  const row = await tx.findOne(Appointment, { id: appointmentId, networkId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (!row) throw new Refused('not_found');
  const verdict = judgeAction(change.action, standingOf(row), change.by, now.getTime());
  if (verdict === 'already') return { row, to: 'already', late: false };
  if (change.ifVersion !== undefined && change.ifVersion !== row.version) throw new Refused('precondition_failed');
  if (!verdict.ok) throw new Refused(verdict.code);
  return { row, to: verdict.to, late: verdict.late };
}

/** Writes the event of a transition that the row already shows. */
export function writeEvent(
  tx: EntityManager,
  row: AppointmentRow,
  change: Change,
  from: AppointmentStatus,
  now: Date,
  details: Record<string, unknown> = {},
): void {
  tx.create(
    AppointmentEvent,
    {
      id: uuidv7(),
      networkId: row.networkId,
      appointment: row.id,
      kind: change.action === 'confirm' && row.status === 'pending_approval' ? eventKinds.submit : eventKinds[change.action],
      actor: change.actor,
      source: change.source,
      fromStatus: from,
      toStatus: row.status,
      details: { by: change.by, ...(change.reason && { reason: change.reason }), ...details },
      version: row.version,
      happenedAt: now,
    },
    { persist: true },
  );
}

const eventKinds: Record<Action, string> = {
  confirm: 'confirmed',
  submit: 'submitted',
  approve: 'approved',
  refuse: 'refused',
  expire: 'expired',
  reschedule: 'rescheduled',
  retime: 'retimed',
  confirm_attendance: 'attendance_confirmed',
  cancel: 'cancelled',
  check_in: 'checked_in',
  start: 'started',
  complete: 'completed',
  mark_no_show: 'marked_no_show',
  offer_choice: 'choice_offered',
  forgive: 'forgiven',
};
