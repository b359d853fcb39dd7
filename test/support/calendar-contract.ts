/**
 * What every calendar must do for us, whoever runs it. Each provider's test opens a subject (the calendar as we use it, over a line that can break, and the hands of its
 * owner, which are not on that line) and adds what is its own.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { merge } from '../../src/domain/intervals.ts';
import type { Interval } from '../../src/domain/rules.ts';
import { CalendarError, type Calendar, type CalendarErrorKind, type CalendarEvent, type Changes } from '../../src/integrations/calendar/calendar.ts';
import type { Answer, startScripted } from './faulty-http.ts';

/** What an owner enters. Times are of `timeZone` (else Europe/Lisbon): `2026-11-30T09:00`; whole days are `2026-11-30`, the end being the first day that is free again. */
export type Entry = {
  start: string;
  end: string;
  timeZone?: string;
  isFree?: boolean;
  /** On that weekday `count` times, but for the date `without`; that of the date `moved.on` is from `moved.start` to `moved.end`. */
  weekly?: { count: number; without: string; moved: { on: string; start: string; end: string } };
};

/** A visit, as the calendar has it. `sequence` is null where the provider keeps none. */
export type Shown = { uid: string; /** `2026-11-27T10:30:00Z` */ start: string; end: string; sequence: number | null; summary: string; description: string; location: string; isTentative: boolean; invited: number };

export type CalendarSubject = {
  /** Reaches the provider over `line`, waits less than a second for an answer, and takes it to be `contractNow`. */
  calendar: Calendar;
  line: Awaited<ReturnType<typeof startScripted>>;
  /** The events that are there, deleted ones not. */
  shown: () => Promise<Shown[]>;
  byHand: {
    /** Answers the id by which `changes` tells it, where it is told as one object. */
    add: (entry: Entry) => Promise<string>;
    /** Also of our own events, by their `remoteId`. */
    change: (remoteId: string, entry: Entry) => Promise<void>;
    erase: (remoteId: string) => Promise<void>;
  };
  /** The same calendar, after its owner has taken the sign-in back. */
  revoked: () => Promise<Calendar>;
  /** The provider forgets the tokens that it gave so far, of which `token` is one; answers it, and others that it never knew. */
  forget: (token: string) => Promise<string[]>;
  close: () => Promise<void>;
};

export type CalendarProviderUnderTest = {
  /** An empty calendar whose owner lives in that zone. */
  open: (timeZone: string) => Promise<CalendarSubject>;
  stop: () => Promise<void>;
};

export const contractNow = '2026-11-22T10:00:00Z';
export const contractWindow: Interval = { from: Date.parse('2026-11-01T00:00:00Z'), to: Date.parse('2027-02-01T00:00:00Z') };
export const span = (from: string, to: string): Interval => ({ from: Date.parse(from), to: Date.parse(to) });

/** In a zone that is not the calendar's: 11:30 to 12:15 in UTC. */
export const visit = (change: Partial<CalendarEvent> = {}): CalendarEvent => ({
  uid: `${randomUUID()}@punctual`, sequence: 0, times: { timeZone: 'Atlantic/Azores', start: '2026-11-27T10:30:00', end: '2026-11-27T11:15:00' },
  summary: 'Corte, Ana Conceição', description: 'Olá;\nbom dia', location: 'Barbearia do Chiado, Rua Garrett 12', isTentative: false, ...change,
});
export const moved = (event: CalendarEvent): CalendarEvent => ({ ...event, sequence: 2, times: { timeZone: 'Atlantic/Azores', start: '2026-11-28T15:00:00', end: '2026-11-28T15:45:00' } });

export const failureOf = (call: Promise<unknown>): Promise<CalendarError> => call.then(() => { throw new Error('it went'); }, (error: unknown) => {
  if (error instanceof CalendarError) return error;
  throw error;
});

/** What a client knows that keeps up with the changes: when the owner is busy, by id. */
export function createView(calendar: Calendar, window = contractWindow) {
  const known = new Map<string, Interval[]>();
  let token: string | null = null;
  return {
    known,
    update: async (): Promise<Changes> => {
      const changes = await calendar.changes(token, window);
      if (changes.isWhole) known.clear();
      for (const { remoteId, busy } of changes.objects) known.set(remoteId, busy);
      for (const remoteId of changes.gone) known.delete(remoteId);
      token = changes.token;
      return changes;
    },
    busy: () => merge([...known.values()].flat()),
  };
}

const busyOf = ({ objects }: Changes): Interval[] => merge(objects.flatMap(({ busy }) => busy));
const busy429: Answer = { status: 429, headers: { 'retry-after': '7' } };

/** `hasSequence`: whether the provider's events carry a sequence number. `start` may skip by the context that it is given. */
export function describeCalendar(name: string, { hasSequence, start }: { hasSequence: boolean; start: (context: Mocha.Context) => Promise<CalendarProviderUnderTest> }): void {
  describe(`${name}, as every calendar,`, () => {
    let provider: CalendarProviderUnderTest;
    let subject: CalendarSubject;
    let calendar: Calendar;

    before(async function () { provider = await start(this); });
    after(() => provider?.stop());
    beforeEach(async () => {
      subject = await provider.open('Europe/Lisbon');
      calendar = subject.calendar;
    });
    afterEach(() => subject?.close());

    const brief = async () => (await subject.shown()).map(({ uid, start, sequence }) => ({ uid, start, sequence }));
    const at = ({ uid, sequence }: CalendarEvent, start: string) => ({ uid, start, sequence: hasSequence ? sequence : null });

    /** Breaks the first request, tries again, breaks the second, and so on until it goes through before the line breaks. Answers how many broke. */
    async function breakEach(fault: Answer, kind: CalendarErrorKind, doing: () => Promise<unknown>): Promise<number> {
      for (let passed = 0; ; passed += 1) {
        subject.line.script.push(...Array.from({ length: passed }, (): Answer => 'pass'), fault);
        const outcome = await doing().then(() => 'done', (error: unknown) => error);
        await subject.line.done();
        if (subject.line.script.length > 0) {
          expect(outcome).to.equal('done');
          subject.line.script.length = 0;
          return passed;
        }
        expect(outcome, `request ${passed + 1}`).to.be.instanceOf(CalendarError);
        const { kind: found, retryAfterSeconds } = outcome as CalendarError;
        expect([found, retryAfterSeconds], `request ${passed + 1}`).to.deep.equal([kind, fault === busy429 ? 7 : null]);
      }
    }

    it('a visit, put, moved and taken away, each twice, is there once, at its time, and then not', async () => {
      const event = visit();
      const placed = await calendar.put(event, null);
      expect(await calendar.put(event, null)).to.deep.equal(placed);
      expect(await calendar.put(event, placed)).to.deep.equal(placed);
      expect(await brief()).to.deep.equal([at(event, '2026-11-27T11:30:00Z')]);
      const elsewhere = await calendar.put(moved(event), placed);
      expect(elsewhere.remoteId).to.equal(placed.remoteId);
      expect(await calendar.put(moved(event), placed)).to.deep.equal(elsewhere);
      expect(await brief()).to.deep.equal([at(moved(event), '2026-11-28T16:00:00Z')]);
      await calendar.remove({ uid: event.uid, remoteId: placed.remoteId });
      await calendar.remove({ uid: event.uid, remoteId: placed.remoteId });
      await calendar.remove({ uid: event.uid, remoteId: null });
      expect(await brief()).to.deep.equal([]);
      await calendar.put(event, null);
      expect((await brief()).map(({ uid, start }) => [uid, start])).to.deep.equal([[event.uid, '2026-11-27T11:30:00Z']]);
    });

    it('two visits, put and one taken away by its UID alone, are apart', async () => {
      const [one, other] = [visit(), visit()];
      await calendar.put(one, null);
      await calendar.put(other, null);
      await calendar.remove({ uid: one.uid, remoteId: null });
      expect(await brief()).to.deep.equal([at(other, '2026-11-27T11:30:00Z')]);
    });

    it('a visit, written, invites nobody, and reads as it was meant', async () => {
      const event = visit({ isTentative: true });
      const placed = await calendar.put(event, null);
      const { summary, description, location } = event;
      const meant = { uid: event.uid, start: '2026-11-27T11:30:00Z', end: '2026-11-27T12:15:00Z', sequence: hasSequence ? 0 : null, summary, description, location, isTentative: true, invited: 0 };
      expect(await subject.shown()).to.deep.equal([meant]);
      await calendar.put({ ...event, isTentative: false, summary: 'Barba' }, placed);
      expect(await subject.shown()).to.deep.equal([{ ...meant, isTentative: false, summary: 'Barba' }]);
    });

    it('a visit at a wall time that comes twice, put, is at its instant', async () => {
      await calendar.put(visit({ times: { timeZone: null, start: new Date('2026-10-25T01:30:00Z'), end: new Date('2026-10-25T02:15:00Z') } }), null);
      expect((await subject.shown()).map(({ start, end }) => [start, end])).to.deep.equal([['2026-10-25T01:30:00Z', '2026-10-25T02:15:00Z']]);
    });

    const breaks: [name: string, fault: Answer][] = [
      ['cut before the provider acts', 'drop'], ['cut after the provider acted', 'pass, then drop'], ['silent before the provider acts', 'silent'], ['silent after the provider acted', 'pass, then silent'],
      ['busy', busy429], ['faulty', { status: 500 }], ['a bad gateway', { status: 502, body: '<html>', headers: { 'content-type': 'text/html' } }], ['unavailable', { status: 503 }],
    ];
    for (const [name, fault] of breaks) {
      it(`a visit, put, moved and taken away over a line that is ${name} at each request in turn, is there once, and then not`, async () => {
        const event = visit();
        expect(await breakEach(fault, 'transient', () => calendar.put(event, null))).to.be.at.least(1);
        expect(await brief()).to.deep.equal([at(event, '2026-11-27T11:30:00Z')]);
        const placed = await calendar.put(event, null);
        expect(await breakEach(fault, 'transient', () => calendar.put(moved(event), placed))).to.be.at.least(1);
        expect(await brief()).to.deep.equal([at(moved(event), '2026-11-28T16:00:00Z')]);
        expect(await breakEach(fault, 'transient', () => calendar.remove({ uid: event.uid, remoteId: placed.remoteId }))).to.be.at.least(1);
        expect(await brief()).to.deep.equal([]);
      });

      it(`changes, read over a line that is ${name} at each request in turn, are told in the end`, async () => {
        await subject.byHand.add({ start: '2026-11-30T09:00', end: '2026-11-30T10:00' });
        const view = createView(calendar);
        expect(await breakEach(fault, 'transient', view.update)).to.be.at.least(1);
        await subject.byHand.add({ start: '2026-12-01T09:00', end: '2026-12-01T10:00' });
        expect(await breakEach(fault, 'transient', view.update)).to.be.at.least(1);
        expect(view.busy()).to.deep.equal([span('2026-11-30T09:00Z', '2026-11-30T10:00Z'), span('2026-12-01T09:00Z', '2026-12-01T10:00Z')]);
        expect(await breakEach(fault, 'transient', calendar.verify)).to.be.at.least(1);
      });
    }

    it('a busy provider that names a date, met, is waited for until then', async () => {
      subject.line.script.push({ status: 429, headers: { 'retry-after': 'Sun, 22 Nov 2026 10:01:00 GMT' } });
      expect((await failureOf(calendar.put(visit(), null))).retryAfterSeconds).to.equal(60);
    });

    for (const [status, kind] of [[400, 'permanent'], [401, 'sign_in'], [403, 'permanent']] as const) {
      it(`a provider that answers ${status} to each request in turn, is told as ${kind}, and nothing is there twice after`, async () => {
        const event = visit();
        await breakEach({ status }, kind, () => calendar.put(event, null));
        await breakEach({ status }, kind, () => calendar.put(moved(event), null));
        expect(await brief()).to.deep.equal([at(moved(event), '2026-11-28T16:00:00Z')]);
        await breakEach({ status }, kind, () => calendar.remove({ uid: event.uid, remoteId: null }));
        await breakEach({ status }, kind, () => calendar.verify());
        expect(await brief()).to.deep.equal([]);
      });
    }

    for (const status of [404, 409, 412]) {
      it(`a writing, answered with ${status} as if another had been faster, is there once after the next try`, async () => {
        const event = visit();
        for (const wanted of [event, moved(event)]) {
          subject.line.script.push('pass', { status });
          await calendar.put(wanted, null).catch((error: unknown) => { expect(error).to.include({ name: 'CalendarError', kind: 'transient' }); });
          expect(subject.line.script).to.deep.equal([]);
          await calendar.put(wanted, null);
        }
        expect(await brief()).to.deep.equal([at(moved(event), '2026-11-28T16:00:00Z')]);
      });
    }

    it('a sign-in, taken back by the owner, is told as that by every call', async () => {
      const event = visit();
      await calendar.verify();
      const { token } = await calendar.changes(null, contractWindow);
      const revoked = await subject.revoked();
      const calls = [revoked.put(event, null), revoked.remove({ uid: event.uid, remoteId: null }), revoked.changes(null, contractWindow), revoked.changes(token, contractWindow), revoked.verify()];
      expect((await Promise.all(calls.map(failureOf))).map(({ kind }) => kind)).to.deep.equal(calls.map(() => 'sign_in'));
    });

    it('a visit, changed or deleted by its owner, is as we mean it after the next writing', async () => {
      const event = visit();
      const placed = await calendar.put(event, null);
      await subject.byHand.change(placed.remoteId, { start: '2026-11-27T20:00', end: '2026-11-27T21:00' });
      const back = await calendar.put(event, placed);
      expect((await subject.shown()).map(({ start, end }) => [start, end])).to.deep.equal([['2026-11-27T11:30:00Z', '2026-11-27T12:15:00Z']]);
      await subject.byHand.erase(back.remoteId);
      expect(await brief()).to.deep.equal([]);
      await calendar.put(moved(event), back);
      expect((await brief()).map(({ uid, start }) => [uid, start])).to.deep.equal([[event.uid, '2026-11-28T16:00:00Z']]);
      const [, again] = [await calendar.put(moved(event), back), await calendar.put(moved(event), null)];
      await subject.byHand.erase(again.remoteId);
      await calendar.remove({ uid: event.uid, remoteId: again.remoteId });
      expect(await brief()).to.deep.equal([]);
    });

    it('a visit, changed or deleted by its owner between our look and our writing, is as we mean it after the next writing', async () => {
      const event = visit();
      const placed = await calendar.put(event, null);
      const meddle = [() => subject.byHand.change(placed.remoteId, { start: '2026-11-27T20:00', end: '2026-11-27T21:00' }), () => subject.byHand.erase(placed.remoteId)];
      for (const [index, before] of meddle.entries()) {
        const next = { ...moved(event), sequence: 2 + index };
        subject.line.script.push('pass', { before });
        await calendar.put(next, placed).catch((error: unknown) => { expect(error).to.include({ name: 'CalendarError', kind: 'transient' }); });
        await calendar.put(next, placed);
        expect((await brief()).map(({ uid, start }) => [uid, start])).to.deep.equal([[event.uid, '2026-11-28T16:00:00Z']]);
      }
    });

    it('a visit, put by two at once, is there once after the next try', async () => {
      const event = visit();
      await Promise.allSettled([calendar.put(event, null), calendar.put(event, null)]);
      await calendar.put(event, null);
      expect(await brief()).to.deep.equal([at(event, '2026-11-27T11:30:00Z')]);
    });

    it('busy time, entered, changed and deleted, is told as it changes; our own visits are known as ours', async () => {
      const whole = await calendar.changes(null, contractWindow);
      expect([whole.objects, whole.isWhole]).to.deep.equal([[], true]);
      expect((await calendar.changes(whole.token, contractWindow)).objects).to.deep.equal([]);

      const event = visit();
      const placed = await calendar.put(event, null);
      const dentist = await subject.byHand.add({ start: '2026-11-30T09:00', end: '2026-11-30T10:00' });
      const grown = await calendar.changes(whole.token, contractWindow);
      expect(grown.isWhole).to.equal(false);
      expect(grown.objects).to.have.length(2);
      expect(grown.objects.find(({ remoteId }) => remoteId === dentist)).to.deep.include({ busy: [span('2026-11-30T09:00Z', '2026-11-30T10:00Z')], mark: null });
      const ours = grown.objects.find(({ uid }) => uid === event.uid)!;
      expect(ours).to.deep.include({ ...placed, busy: [span('2026-11-27T11:30Z', '2026-11-27T12:15Z')] });
      expect(ours.mark).to.be.a('string');

      await subject.byHand.change(dentist, { start: '2026-12-01T09:00', end: '2026-12-01T10:00' });
      const changed = await calendar.changes(grown.token, contractWindow);
      expect(changed.objects.map(({ busy }) => busy)).to.deep.equal([[span('2026-12-01T09:00Z', '2026-12-01T10:00Z')]]);
      await subject.byHand.erase(dentist);
      const shrunk = await calendar.changes(changed.token, contractWindow);
      expect([shrunk.objects.length, shrunk.gone]).to.deep.equal([0, [dentist]]);
      await calendar.remove({ uid: event.uid, remoteId: placed.remoteId });
      expect((await calendar.changes(shrunk.token, contractWindow)).gone).to.deep.equal([placed.remoteId]);
    });

    it('busy time, moved beyond the window and back, follows', async () => {
      const view = createView(calendar);
      await view.update();
      const id = await subject.byHand.add({ start: '2026-11-30T09:00', end: '2026-11-30T10:00' });
      await view.update();
      await subject.byHand.change(id, { start: '2027-03-01T09:00', end: '2027-03-01T10:00' });
      await view.update();
      expect(view.busy()).to.deep.equal([]);
      await subject.byHand.change(id, { start: '2026-12-02T09:00', end: '2026-12-02T10:00' });
      await view.update();
      expect(view.busy()).to.deep.equal([span('2026-12-02T09:00Z', '2026-12-02T10:00Z')]);
    });

    it('entries of another zone, free, or across the window\'s edge, read, are busy as their owner meant', async () => {
      await subject.byHand.add({ start: '2026-11-27T10:30', end: '2026-11-27T11:00', timeZone: 'America/New_York' });
      await subject.byHand.add({ start: '2026-11-28T10:30', end: '2026-11-28T11:00', isFree: true });
      await subject.byHand.add({ start: '2026-10-31T23:00', end: '2026-11-01T01:00' });
      await subject.byHand.add({ start: '2027-02-03T10:00', end: '2027-02-03T11:00' });
      const changes = await calendar.changes(null, contractWindow);
      expect(busyOf(changes)).to.deep.equal([span('2026-11-01T00:00Z', '2026-11-01T01:00Z'), span('2026-11-27T15:30Z', '2026-11-27T16:00Z')]);
    });

    it('an entry, made free and busy again, follows', async () => {
      const view = createView(calendar);
      const id = await subject.byHand.add({ start: '2026-11-30T09:00', end: '2026-11-30T10:00' });
      await view.update();
      await subject.byHand.change(id, { start: '2026-11-30T09:00', end: '2026-11-30T10:00', isFree: true });
      await view.update();
      expect(view.busy()).to.deep.equal([]);
      await subject.byHand.change(id, { start: '2026-11-30T09:00', end: '2026-11-30T10:00', isFree: false });
      await view.update();
      expect(view.busy()).to.deep.equal([span('2026-11-30T09:00Z', '2026-11-30T10:00Z')]);
    });

    it('whole days, read, are those of the calendar\'s zone, also where they have 25 hours', async () => {
      const away = await provider.open('America/New_York');
      try {
        await away.byHand.add({ start: '2026-11-01', end: '2026-11-02', timeZone: 'America/New_York' });
        await away.byHand.add({ start: '2026-12-24', end: '2026-12-27', timeZone: 'America/New_York' });
        expect(busyOf(await away.calendar.changes(null, contractWindow))).to.deep.equal([span('2026-11-01T04:00Z', '2026-11-02T05:00Z'), span('2026-12-24T05:00Z', '2026-12-27T05:00Z')]);
      } finally {
        await away.close();
      }
    });

    it('an entry that comes every week, with one left out and one moved, read over a clock change, is at its wall time', async () => {
      const wide = span('2026-10-01T00:00Z', '2026-12-01T00:00Z');
      const view = createView(calendar, wide);
      await view.update();
      await subject.byHand.add({ start: '2026-10-18T09:00', end: '2026-10-18T10:00', weekly: { count: 5, without: '2026-11-01', moved: { on: '2026-11-08', start: '2026-11-09T15:00', end: '2026-11-09T16:00' } } });
      const expected = [span('2026-10-18T08:00Z', '2026-10-18T09:00Z'), span('2026-10-25T09:00Z', '2026-10-25T10:00Z'), span('2026-11-09T15:00Z', '2026-11-09T16:00Z'), span('2026-11-15T09:00Z', '2026-11-15T10:00Z')];
      expect(busyOf(await calendar.changes(null, wide))).to.deep.equal(expected);
      await view.update();
      expect(view.busy()).to.deep.equal(expected);
    });

    it('a token that the provider has forgotten, used, brings all there is', async () => {
      const { token } = await calendar.changes(null, contractWindow);
      await subject.byHand.add({ start: '2026-11-30T09:00', end: '2026-11-30T10:00' });
      for (const forgotten of await subject.forget(token)) {
        const { isWhole, objects, token: next } = await calendar.changes(forgotten, contractWindow);
        expect([isWhole, objects.length], forgotten).to.deep.equal([true, 1]);
        expect((await calendar.changes(next, contractWindow)).objects).to.deep.equal([]);
      }
    });
  });
}
