/** What every calendar must tell of its owner's time. */
import { expect } from 'chai';
import { busyOf, contractWindow, createView, span, visit, type ContractStage } from './calendar-subject.ts';

export function describeReading(stage: ContractStage): void {
  it('busy time, entered, changed and deleted, is told as it changes; our own visits are known as ours', async () => {
    const whole = await stage.calendar.changes(null, contractWindow);
    expect([whole.objects, whole.isWhole]).to.deep.equal([[], true]);
    expect((await stage.calendar.changes(whole.token, contractWindow)).objects).to.deep.equal([]);

    const event = visit();
    const placed = await stage.calendar.put(event, null);
    const dentist = await stage.subject.byHand.add({ start: '2026-11-30T09:00', end: '2026-11-30T10:00' });
    const grown = await stage.calendar.changes(whole.token, contractWindow);
    expect(grown.isWhole).to.equal(false);
    expect(grown.objects).to.have.length(2);
    expect(grown.objects.find(({ remoteId }) => remoteId === dentist)).to.deep.include({
      busy: [span('2026-11-30T09:00Z', '2026-11-30T10:00Z')],
      mark: null,
    });
    const ours = grown.objects.find(({ uid }) => uid === event.uid)!;
    expect(ours).to.deep.include({ ...placed, busy: [span('2026-11-27T11:30Z', '2026-11-27T12:15Z')] });
    expect(ours.mark).to.be.a('string');

    await stage.subject.byHand.change(dentist, { start: '2026-12-01T09:00', end: '2026-12-01T10:00' });
    const changed = await stage.calendar.changes(grown.token, contractWindow);
    expect(changed.objects.map(({ busy }) => busy)).to.deep.equal([[span('2026-12-01T09:00Z', '2026-12-01T10:00Z')]]);
    await stage.subject.byHand.erase(dentist);
    const shrunk = await stage.calendar.changes(changed.token, contractWindow);
    expect([shrunk.objects.length, shrunk.gone]).to.deep.equal([0, [dentist]]);
    await stage.calendar.remove({ uid: event.uid, remoteId: placed.remoteId });
    expect((await stage.calendar.changes(shrunk.token, contractWindow)).gone).to.deep.equal([placed.remoteId]);
  });

  it('busy time, moved beyond the window and back, follows', async () => {
    const view = createView(stage.calendar);
    await view.update();
    const id = await stage.subject.byHand.add({ start: '2026-11-30T09:00', end: '2026-11-30T10:00' });
    await view.update();
    await stage.subject.byHand.change(id, { start: '2027-03-01T09:00', end: '2027-03-01T10:00' });
    await view.update();
    expect(view.busy()).to.deep.equal([]);
    await stage.subject.byHand.change(id, { start: '2026-12-02T09:00', end: '2026-12-02T10:00' });
    await view.update();
    expect(view.busy()).to.deep.equal([span('2026-12-02T09:00Z', '2026-12-02T10:00Z')]);
  });

  it("entries of another zone, free, or across the window's edge, read, are busy as their owner meant", async () => {
    await stage.subject.byHand.add({ start: '2026-11-27T10:30', end: '2026-11-27T11:00', timeZone: 'America/New_York' });
    await stage.subject.byHand.add({ start: '2026-11-28T10:30', end: '2026-11-28T11:00', isFree: true });
    await stage.subject.byHand.add({ start: '2026-10-31T23:00', end: '2026-11-01T01:00' });
    await stage.subject.byHand.add({ start: '2027-02-03T10:00', end: '2027-02-03T11:00' });
    const changes = await stage.calendar.changes(null, contractWindow);
    expect(busyOf(changes)).to.deep.equal([span('2026-11-01T00:00Z', '2026-11-01T01:00Z'), span('2026-11-27T15:30Z', '2026-11-27T16:00Z')]);
  });

  it('an entry, made free and busy again, follows', async () => {
    const view = createView(stage.calendar);
    const id = await stage.subject.byHand.add({ start: '2026-11-30T09:00', end: '2026-11-30T10:00' });
    await view.update();
    await stage.subject.byHand.change(id, { start: '2026-11-30T09:00', end: '2026-11-30T10:00', isFree: true });
    await view.update();
    expect(view.busy()).to.deep.equal([]);
    await stage.subject.byHand.change(id, { start: '2026-11-30T09:00', end: '2026-11-30T10:00', isFree: false });
    await view.update();
    expect(view.busy()).to.deep.equal([span('2026-11-30T09:00Z', '2026-11-30T10:00Z')]);
  });

  it("whole days, read, are those of the calendar's zone, also where they have 25 hours", async () => {
    const away = await stage.provider.open('America/New_York');
    try {
      await away.byHand.add({ start: '2026-11-01', end: '2026-11-02', timeZone: 'America/New_York' });
      await away.byHand.add({ start: '2026-12-24', end: '2026-12-27', timeZone: 'America/New_York' });
      expect(busyOf(await away.calendar.changes(null, contractWindow))).to.deep.equal([
        span('2026-11-01T04:00Z', '2026-11-02T05:00Z'),
        span('2026-12-24T05:00Z', '2026-12-27T05:00Z'),
      ]);
    } finally {
      await away.close();
    }
  });

  it('an entry that comes every week, with one left out and one moved, read over a clock change, is at its wall time', async () => {
    const wide = span('2026-10-01T00:00Z', '2026-12-01T00:00Z');
    const view = createView(stage.calendar, wide);
    await view.update();
    await stage.subject.byHand.add({
      start: '2026-10-18T09:00',
      end: '2026-10-18T10:00',
      weekly: { count: 5, without: '2026-11-01', moved: { on: '2026-11-08', start: '2026-11-09T15:00', end: '2026-11-09T16:00' } },
    });
    const expected = [
      span('2026-10-18T08:00Z', '2026-10-18T09:00Z'),
      span('2026-10-25T09:00Z', '2026-10-25T10:00Z'),
      span('2026-11-09T15:00Z', '2026-11-09T16:00Z'),
      span('2026-11-15T09:00Z', '2026-11-15T10:00Z'),
    ];
    expect(busyOf(await stage.calendar.changes(null, wide))).to.deep.equal(expected);
    await view.update();
    expect(view.busy()).to.deep.equal(expected);
  });

  it('a token that the provider has forgotten, used, brings all there is', async () => {
    const { token } = await stage.calendar.changes(null, contractWindow);
    await stage.subject.byHand.add({ start: '2026-11-30T09:00', end: '2026-11-30T10:00' });
    for (const forgotten of await stage.subject.forget(token)) {
      const { isWhole, objects, token: next } = await stage.calendar.changes(forgotten, contractWindow);
      expect([isWhole, objects.length], forgotten).to.deep.equal([true, 1]);
      expect((await stage.calendar.changes(next, contractWindow)).objects).to.deep.equal([]);
    }
  });
}
