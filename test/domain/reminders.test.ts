/** Goal: reminders come at a humane hour, spread, once. Method: tables of visits in zones with quiet hours and clock changes. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { createRemind, type ReminderRules } from '../../src/domain/reminders.ts';
import { MINUTE, toWall } from '../../src/domain/time.ts';

const id = '00000000-0000-0000-0000-000000000000';
const rules = (wishes: Partial<ReminderRules> = {}): ReminderRules => ({
  reminderLeadMinutes: [120],
  reminderJitterSeconds: 0,
  quietHours: null,
  ...wishes,
});
const night = { from: '22:00', to: '07:00' };
const dues = (zone: string, startsAt: string, wishes: Partial<ReminderRules>, now = '2026-01-01T00:00:00Z', appointmentId = id): string[] =>
  createRemind(appointmentId, zone, rules(wishes))(Date.parse(startsAt), Date.parse(now)).map(({ dueAt }) => dueAt.replace('.000Z', 'Z'));

describe('reminders', () => {
  it('several, planned, come before the visit, the earliest first; what has passed is left out; the same time is one', () => {
    expect(dues('UTC', '2026-06-10T12:00:00Z', { reminderLeadMinutes: [120, 1440, 120] })).to.deep.equal([
      '2026-06-09T12:00:00Z',
      '2026-06-10T10:00:00Z',
    ]);
    expect(dues('UTC', '2026-06-10T12:00:00Z', { reminderLeadMinutes: [120, 1440] }, '2026-06-10T09:00:00Z')).to.deep.equal([
      '2026-06-10T10:00:00Z',
    ]);
    expect(dues('UTC', '2026-06-10T12:00:00Z', { reminderLeadMinutes: [120] }, '2026-06-10T10:00:00Z')).to.deep.equal([]);
  });

  it('in quiet hours, wait for their end where an hour is left before the visit, else go out the minute before they begin', () => {
    const lisbon = (startsAt: string, leadMinutes = 120) =>
      dues('Europe/Lisbon', startsAt, { quietHours: night, reminderLeadMinutes: [leadMinutes] });
    // Summer: UTC+1. The visit at 08:30, two hours before is 06:30.
    expect(lisbon('2026-06-10T07:30:00Z')).to.deep.equal(['2026-06-10T06:00:00Z']);
    // At 07:59, so at 07:00 less than an hour would be left.
    expect(lisbon('2026-06-10T06:59:00Z')).to.deep.equal(['2026-06-09T20:59:00Z']);
    // A visit at 00:30: two hours before is 22:30.
    expect(lisbon('2026-06-09T23:30:00Z')).to.deep.equal(['2026-06-09T20:59:00Z']);
    // On the edges: 22:00 is quiet, 07:00 is not.
    expect(lisbon('2026-06-09T23:00:00Z')).to.deep.equal(['2026-06-09T20:59:00Z']);
    expect(lisbon('2026-06-10T08:00:00Z')).to.deep.equal(['2026-06-10T06:00:00Z']);
    expect(lisbon('2026-06-10T12:00:00Z')).to.deep.equal(['2026-06-10T10:00:00Z']);
  });

  it('that fall together after quiet hours, are one', () => {
    expect(dues('UTC', '2026-06-10T09:00:00Z', { quietHours: night, reminderLeadMinutes: [180, 240] })).to.deep.equal([
      '2026-06-10T07:00:00Z',
    ]);
  });

  it('in quiet hours within one day, or in a night with a clock change, keep to the wall clock', () => {
    expect(dues('UTC', '2026-06-10T15:00:00Z', { quietHours: { from: '12:00', to: '14:00' } })).to.deep.equal(['2026-06-10T14:00:00Z']);
    // 25 October 2026: the clocks in Lisbon go back at 02:00, so that the night is an hour longer; 07:00 is 07:00Z.
    expect(dues('Europe/Lisbon', '2026-10-25T08:30:00Z', { quietHours: night })).to.deep.equal(['2026-10-25T07:00:00Z']);
    expect(dues('Europe/Lisbon', '2026-10-25T09:30:00Z', { quietHours: night, reminderLeadMinutes: [510] })).to.deep.equal([
      '2026-10-25T07:00:00Z',
    ]);
  });

  it('of many appointments at one time, are spread over the minutes before theirs, each the same again', () => {
    const all = Array.from({ length: 400 }, () => randomUUID());
    const planned = all.map((each) => dues('UTC', '2026-06-10T12:00:00Z', { reminderJitterSeconds: 120 }, undefined, each)[0]!);
    const seconds = planned.map((due) => (Date.parse('2026-06-10T10:00:00Z') - Date.parse(due)) / 1000);
    expect(Math.min(...seconds)).to.be.at.least(0);
    expect(Math.max(...seconds)).to.be.at.most(120);
    expect(new Set(seconds).size).to.be.above(60);
    expect(all.map((each) => dues('UTC', '2026-06-10T12:00:00Z', { reminderJitterSeconds: 120 }, undefined, each)[0]!)).to.deep.equal(
      planned,
    );
  });

  it('of many appointments, put off by quiet hours, are spread over the minutes after them, or before them', () => {
    const all = Array.from({ length: 400 }, () => randomUUID());
    const spread = (startsAt: string, edge: string) =>
      all.map(
        (each) =>
          (Date.parse(dues('UTC', startsAt, { quietHours: night, reminderJitterSeconds: 120 }, undefined, each)[0]!) - Date.parse(edge)) /
          1000,
      );
    const after = spread('2026-06-10T08:30:00Z', '2026-06-10T07:00:00Z');
    const before = spread('2026-06-10T00:30:00Z', '2026-06-09T21:59:00Z');
    expect([Math.min(...after) >= 0, Math.max(...after) <= 120, Math.min(...before) >= -120, Math.max(...before) <= 0]).to.deep.equal([
      true,
      true,
      true,
      true,
    ]);
    for (const seconds of [after, before]) expect(new Set(seconds).size).to.be.above(60);
  });

  it('with any rules, never lie in quiet hours, nor at or after the visit, nor in the past', () => {
    const minuteOf = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
    const time = fc
      .integer({ min: 0, max: 1439 })
      .map((minute) => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`);
    // Where clocks change inside the night, a wall time may come twice; days without a change are looked at here.
    const start = fc
      .integer({ min: Date.parse('2026-05-02T00:00:00Z') / MINUTE, max: Date.parse('2026-09-28T00:00:00Z') / MINUTE })
      .map((minute) => minute * MINUTE);
    fc.assert(
      fc.property(
        start,
        time,
        time,
        fc.array(fc.integer({ min: 5, max: 4320 }), { maxLength: 5 }),
        fc.integer({ min: 0, max: 600 }),
        fc.uuid(),
        (startsAt, from, to, leads, jitter, appointmentId) => {
          fc.pre(from !== to);
          const now = startsAt - 3000 * MINUTE;
          for (const { dueAt, usefulUntil } of createRemind(appointmentId, 'Europe/Lisbon', {
            reminderLeadMinutes: leads,
            reminderJitterSeconds: jitter,
            quietHours: { from, to },
          })(startsAt, now)) {
            const at = Date.parse(dueAt);
            const { minute } = toWall(at, 'Europe/Lisbon');
            const isQuiet =
              from < to ? minute >= minuteOf(from) && minute < minuteOf(to) : minute >= minuteOf(from) || minute < minuteOf(to);
            expect([isQuiet, at > now, at < startsAt, Date.parse(usefulUntil)]).to.deep.equal([false, true, true, startsAt]);
          }
        },
      ),
    );
  });
});
