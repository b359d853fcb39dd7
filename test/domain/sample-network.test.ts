/** The sample network: enough of everything, valid, and nobody in two places at once. */
import { assert } from 'chai';
import type { WeeklyStretch } from '../../src/domain/rules.ts';
import { isTimeZone } from '../../src/domain/time.ts';
import { sampleNetwork } from '../../src/dev/sample-network.ts';

const { network, shops, barbers, services } = sampleNetwork();

/** Minutes since Monday 00:00; what runs past Sunday is not cut. */
const span = ({ weekday, fromMinute, toMinute }: WeeklyStretch) => ({
  from: (weekday - 1) * 1440 + fromMinute,
  to: (weekday - 1) * 1440 + toMinute,
});
const overlap = (a: WeeklyStretch, b: WeeklyStretch): boolean =>
  [-10080, 0, 10080].some((week) => span(a).from < span(b).to + week && span(b).from + week < span(a).to);
const holds = (outer: WeeklyStretch, inner: WeeklyStretch): boolean =>
  span(outer).from <= span(inner).from && span(inner).to <= span(outer).to;

describe('the sample network', () => {
  it('has at least 50 shops, about 250 barbers and a price list', () => {
    assert.isAtLeast(shops.length, 50);
    assert.isTrue(barbers.length >= 240 && barbers.length <= 275, `${barbers.length} barbers`);
    assert.isTrue(services.length >= 6 && services.length <= 10);
    for (const { id } of shops) {
      const staff = barbers.filter(({ assignments }) => assignments.some(({ shopId }) => shopId === id));
      assert.isTrue(staff.length >= 4 && staff.length <= 7, `${staff.length} barbers in a shop`);
    }
  });

  it('reaches from the mainland to Madeira and the Azores, in zones that exist', () => {
    const zones = new Set(shops.map(({ timeZone }) => timeZone));
    assert.sameMembers([...zones], ['Europe/Lisbon', 'Atlantic/Madeira', 'Atlantic/Azores']);
    for (const zone of zones) assert.isTrue(isTimeZone(zone));
  });

  it('has stable, distinct ids and distinct slugs, names and addresses', () => {
    const again = sampleNetwork();
    assert.deepEqual(again, { network, shops, barbers, services });
    const ids = [network, ...shops, ...barbers, ...services].map(({ id }) => id);
    assert.lengthOf(new Set(ids), ids.length);
    for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.lengthOf(new Set(shops.map(({ slug }) => slug)), shops.length);
    assert.lengthOf(new Set(shops.map(({ phone }) => phone)), shops.length);
    assert.lengthOf(new Set(barbers.map(({ name }) => name)), barbers.length);
    assert.lengthOf(new Set(barbers.map(({ email }) => email)), barbers.length);
    for (const { email } of [...shops, ...barbers]) assert.match(email, /^[a-z.-]+@[a-z.]+\.example$/);
    for (const { phone } of shops) assert.match(phone, /^\+3515\d{8}$/);
  });

  it('prices services of 20 to 90 minutes, some with buffers', () => {
    for (const { durationMinutes, priceCents } of services) assert.isTrue(durationMinutes >= 20 && durationMinutes <= 90 && priceCents > 0);
    assert.isTrue(services.some(({ bufferBeforeMinutes }) => bufferBeforeMinutes > 0));
    assert.isTrue(services.some(({ bufferAfterMinutes }) => bufferAfterMinutes > 0));
  });

  it('writes valid stretches that do not overlap', () => {
    const lists = [
      ...shops.map(({ openingHours }) => openingHours),
      ...barbers.flatMap(({ assignments }) => assignments.flatMap(({ hours, breaks }) => [hours, breaks])),
    ];
    for (const list of lists) {
      for (const { weekday, fromMinute, toMinute } of list) {
        assert.isTrue(weekday >= 1 && weekday <= 7 && fromMinute >= 0 && fromMinute < 1440 && fromMinute < toMinute && toMinute <= 2880);
      }
      list.forEach((a, index) => assert.isFalse(list.slice(index + 1).some((b) => overlap(a, b))));
    }
  });

  it('lets barbers work while the shop is open, and rest while they work', () => {
    for (const { assignments } of barbers) {
      for (const { shopId, hours, breaks } of assignments) {
        const shop = shops.find(({ id }) => id === shopId);
        assert.isNotEmpty(hours);
        for (const each of hours) assert.isTrue(shop?.openingHours.some((open) => holds(open, each)));
        for (const each of breaks) assert.isTrue(hours.some((work) => holds(work, each)));
      }
    }
  });

  it('has barbers of two shops, never in both at once', () => {
    const travellers = barbers.filter(({ assignments }) => assignments.length > 1);
    assert.isAtLeast(travellers.length, 5);
    for (const { assignments } of travellers) {
      const [home, away] = assignments;
      assert.lengthOf(assignments, 2);
      assert.isFalse(home!.hours.some((a) => away!.hours.some((b) => overlap(a, b))));
    }
  });

  it('has one shop that closes after midnight on Saturdays, with barbers who stay', () => {
    const late = shops.filter(({ openingHours }) => openingHours.some(({ toMinute }) => toMinute > 1440));
    assert.lengthOf(late, 1);
    assert.deepInclude(late[0]!.openingHours, { weekday: 6, fromMinute: 840, toMinute: 1560 });
    const staying = barbers.filter(({ assignments }) =>
      assignments.some(({ hours }) => hours.some(({ weekday, toMinute }) => weekday === 6 && toMinute === 1560)),
    );
    assert.isAtLeast(staying.length, 3);
  });

  it('could take 3,000 visits a day', () => {
    const minutes = barbers.flatMap(({ assignments }) =>
      assignments.flatMap(({ hours, breaks }) => [...hours.map(span), ...breaks.map(span).map(({ from, to }) => ({ from: to, to: from }))]),
    );
    const perDay = minutes.reduce((sum, { from, to }) => sum + to - from, 0) / 6;
    assert.isAbove(perDay / 30, 3000);
  });
});
