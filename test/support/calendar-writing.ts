/** What every calendar must do when a visit is put, moved and taken away, whatever breaks. */
import { expect } from 'chai';
import { busy429, contractWindow, createView, failureOf, moved, span, visit, type ContractStage } from './calendar-subject.ts';
import type { Answer } from './faulty-http.ts';

export function describeWriting(stage: ContractStage): void {
  const { brief, at, breakEach } = stage;

  it('a visit, put, moved and taken away, each twice, is there once, at its time, and then not', async () => {
    const event = visit();
    const placed = await stage.calendar.put(event, null);
    expect(await stage.calendar.put(event, null)).to.deep.equal(placed);
    expect(await stage.calendar.put(event, placed)).to.deep.equal(placed);
    expect(await brief()).to.deep.equal([at(event, '2026-11-27T11:30:00Z')]);
    const elsewhere = await stage.calendar.put(moved(event), placed);
    expect(elsewhere.remoteId).to.equal(placed.remoteId);
    expect(await stage.calendar.put(moved(event), placed)).to.deep.equal(elsewhere);
    expect(await brief()).to.deep.equal([at(moved(event), '2026-11-28T16:00:00Z')]);
    await stage.calendar.remove({ uid: event.uid, remoteId: placed.remoteId });
    await stage.calendar.remove({ uid: event.uid, remoteId: placed.remoteId });
    await stage.calendar.remove({ uid: event.uid, remoteId: null });
    expect(await brief()).to.deep.equal([]);
    await stage.calendar.put(event, null);
    expect((await brief()).map(({ uid, start }) => [uid, start])).to.deep.equal([[event.uid, '2026-11-27T11:30:00Z']]);
  });

  it('two visits, put and one taken away by its UID alone, are apart', async () => {
    const [one, other] = [visit(), visit()];
    await stage.calendar.put(one, null);
    await stage.calendar.put(other, null);
    await stage.calendar.remove({ uid: one.uid, remoteId: null });
    expect(await brief()).to.deep.equal([at(other, '2026-11-27T11:30:00Z')]);
  });

  it('a visit, written, invites nobody, and reads as it was meant', async () => {
    const event = visit({ isTentative: true });
    const placed = await stage.calendar.put(event, null);
    const { summary, description, location } = event;
    const meant = {
      uid: event.uid,
      start: '2026-11-27T11:30:00Z',
      end: '2026-11-27T12:15:00Z',
      sequence: stage.hasSequence ? 0 : null,
      summary,
      description,
      location,
      isTentative: true,
      invited: 0,
    };
    expect(await stage.subject.shown()).to.deep.equal([meant]);
    await stage.calendar.put({ ...event, isTentative: false, summary: 'Barba' }, placed);
    expect(await stage.subject.shown()).to.deep.equal([{ ...meant, isTentative: false, summary: 'Barba' }]);
  });

  it('a visit at a wall time that comes twice, put, is at its instant', async () => {
    await stage.calendar.put(
      visit({ times: { timeZone: null, start: new Date('2026-10-25T01:30:00Z'), end: new Date('2026-10-25T02:15:00Z') } }),
      null,
    );
    expect((await stage.subject.shown()).map(({ start, end }) => [start, end])).to.deep.equal([
      ['2026-10-25T01:30:00Z', '2026-10-25T02:15:00Z'],
    ]);
  });

  const breaks: [name: string, fault: Answer][] = [
    ['cut before the provider acts', 'drop'],
    ['cut after the provider acted', 'pass, then drop'],
    ['silent before the provider acts', 'silent'],
    ['silent after the provider acted', 'pass, then silent'],
    ['busy', busy429],
    ['faulty', { status: 500 }],
    ['a bad gateway', { status: 502, body: '<html>', headers: { 'content-type': 'text/html' } }],
    ['unavailable', { status: 503 }],
  ];
  for (const [name, fault] of breaks) {
    it(`a visit, put, moved and taken away over a line that is ${name} at each request in turn, is there once, and then not`, async () => {
      const event = visit();
      expect(await breakEach(fault, 'transient', () => stage.calendar.put(event, null))).to.be.at.least(1);
      expect(await brief()).to.deep.equal([at(event, '2026-11-27T11:30:00Z')]);
      const placed = await stage.calendar.put(event, null);
      expect(await breakEach(fault, 'transient', () => stage.calendar.put(moved(event), placed))).to.be.at.least(1);
      expect(await brief()).to.deep.equal([at(moved(event), '2026-11-28T16:00:00Z')]);
      expect(
        await breakEach(fault, 'transient', () => stage.calendar.remove({ uid: event.uid, remoteId: placed.remoteId })),
      ).to.be.at.least(1);
      expect(await brief()).to.deep.equal([]);
    });

    it(`changes, read over a line that is ${name} at each request in turn, are told in the end`, async () => {
      await stage.subject.byHand.add({ start: '2026-11-30T09:00', end: '2026-11-30T10:00' });
      const view = createView(stage.calendar);
      expect(await breakEach(fault, 'transient', view.update)).to.be.at.least(1);
      await stage.subject.byHand.add({ start: '2026-12-01T09:00', end: '2026-12-01T10:00' });
      expect(await breakEach(fault, 'transient', view.update)).to.be.at.least(1);
      expect(view.busy()).to.deep.equal([span('2026-11-30T09:00Z', '2026-11-30T10:00Z'), span('2026-12-01T09:00Z', '2026-12-01T10:00Z')]);
      expect(await breakEach(fault, 'transient', stage.calendar.verify)).to.be.at.least(1);
    });
  }

  it('a busy provider that names a date, met, is waited for until then', async () => {
    stage.subject.line.script.push({ status: 429, headers: { 'retry-after': 'Sun, 22 Nov 2026 10:01:00 GMT' } });
    expect((await failureOf(stage.calendar.put(visit(), null))).retryAfterSeconds).to.equal(60);
  });

  for (const [status, kind] of [
    [400, 'permanent'],
    [401, 'sign_in'],
    [403, 'permanent'],
  ] as const) {
    it(`a provider that answers ${status} to each request in turn, is told as ${kind}, and nothing is there twice after`, async () => {
      const event = visit();
      await breakEach({ status }, kind, () => stage.calendar.put(event, null));
      await breakEach({ status }, kind, () => stage.calendar.put(moved(event), null));
      expect(await brief()).to.deep.equal([at(moved(event), '2026-11-28T16:00:00Z')]);
      await breakEach({ status }, kind, () => stage.calendar.remove({ uid: event.uid, remoteId: null }));
      await breakEach({ status }, kind, () => stage.calendar.verify());
      expect(await brief()).to.deep.equal([]);
    });
  }

  for (const status of [404, 409, 412]) {
    it(`a writing, answered with ${status} as if another had been faster, is there once after the next try`, async () => {
      const event = visit();
      for (const wanted of [event, moved(event)]) {
        stage.subject.line.script.push('pass', { status });
        await stage.calendar.put(wanted, null).catch((error: unknown) => {
          expect(error).to.include({ name: 'CalendarError', kind: 'transient' });
        });
        expect(stage.subject.line.script).to.deep.equal([]);
        await stage.calendar.put(wanted, null);
      }
      expect(await brief()).to.deep.equal([at(moved(event), '2026-11-28T16:00:00Z')]);
    });
  }

  it('a sign-in, taken back by the owner, is told as that by every call', async () => {
    const event = visit();
    await stage.calendar.verify();
    const { token } = await stage.calendar.changes(null, contractWindow);
    const revoked = await stage.subject.revoked();
    const calls = [
      revoked.put(event, null),
      revoked.remove({ uid: event.uid, remoteId: null }),
      revoked.changes(null, contractWindow),
      revoked.changes(token, contractWindow),
      revoked.verify(),
    ];
    expect((await Promise.all(calls.map(failureOf))).map(({ kind }) => kind)).to.deep.equal(calls.map(() => 'sign_in'));
  });

  it('a visit, changed or deleted by its owner, is as we mean it after the next writing', async () => {
    const event = visit();
    const placed = await stage.calendar.put(event, null);
    await stage.subject.byHand.change(placed.remoteId, { start: '2026-11-27T20:00', end: '2026-11-27T21:00' });
    const back = await stage.calendar.put(event, placed);
    expect((await stage.subject.shown()).map(({ start, end }) => [start, end])).to.deep.equal([
      ['2026-11-27T11:30:00Z', '2026-11-27T12:15:00Z'],
    ]);
    await stage.subject.byHand.erase(back.remoteId);
    expect(await brief()).to.deep.equal([]);
    await stage.calendar.put(moved(event), back);
    expect((await brief()).map(({ uid, start }) => [uid, start])).to.deep.equal([[event.uid, '2026-11-28T16:00:00Z']]);
    const [, again] = [await stage.calendar.put(moved(event), back), await stage.calendar.put(moved(event), null)];
    await stage.subject.byHand.erase(again.remoteId);
    await stage.calendar.remove({ uid: event.uid, remoteId: again.remoteId });
    expect(await brief()).to.deep.equal([]);
  });

  it('a visit, changed or deleted by its owner between our look and our writing, is as we mean it after the next writing', async () => {
    const event = visit();
    const placed = await stage.calendar.put(event, null);
    const meddle = [
      () => stage.subject.byHand.change(placed.remoteId, { start: '2026-11-27T20:00', end: '2026-11-27T21:00' }),
      () => stage.subject.byHand.erase(placed.remoteId),
    ];
    for (const [index, before] of meddle.entries()) {
      const next = { ...moved(event), sequence: 2 + index };
      stage.subject.line.script.push('pass', { before });
      await stage.calendar.put(next, placed).catch((error: unknown) => {
        expect(error).to.include({ name: 'CalendarError', kind: 'transient' });
      });
      await stage.calendar.put(next, placed);
      expect((await brief()).map(({ uid, start }) => [uid, start])).to.deep.equal([[event.uid, '2026-11-28T16:00:00Z']]);
    }
  });

  it('a visit, put by two at once, is there once after the next try', async () => {
    const event = visit();
    await Promise.allSettled([stage.calendar.put(event, null), stage.calendar.put(event, null)]);
    await stage.calendar.put(event, null);
    expect(await brief()).to.deep.equal([at(event, '2026-11-27T11:30:00Z')]);
  });
}
