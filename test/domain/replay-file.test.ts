/** The replay file: 3,000 bookings that mean something in the sample network and have the shape of a real day, and what becomes of them. */
import { readFileSync } from 'node:fs';
import { assert } from 'chai';
import {
  columns,
  inPhases,
  localStart,
  parseRows,
  toBody,
  toMove,
  toPastBody,
  type Row,
  type RowAction,
} from '../../src/cli/replay/rows.ts';
import { nextMonday } from '../../src/cli/replay/options.ts';
import { dayFile, daySeed, makeDay } from '../../src/dev/make-day.ts';
import { sampleNetwork } from '../../src/dev/sample-network.ts';
import { isTimeZone } from '../../src/domain/time.ts';

const text = readFileSync(dayFile, 'utf8');
const all = parseRows(text);
const rows = all.filter(({ action }) => action === 'book');
const sequels = all.filter(({ action }) => action !== 'book');
const { shops, barbers, services } = sampleNetwork();
const shopOf = new Map(shops.map((shop) => [shop.id, shop]));

const firsts = [...new Map(rows.map((row) => [row.key, row])).values()];
const share = (wanted: (row: Row) => boolean): number => firsts.filter(wanted).length / firsts.length;
const minuteOf = ({ localTime }: Row): number => Number(localTime.slice(0, 2)) * 60 + Number(localTime.slice(3));
const between = (row: Row, from: number, to: number): boolean => minuteOf(row) >= from * 60 && minuteOf(row) < to * 60;

/** Whether the shop is open when the visit begins; a stretch may have begun the day before. */
const isOpen = (row: Row): boolean => {
  const at = Number(row.dayOffset) * 1440 + minuteOf(row);
  return shopOf.get(row.shopId)!.openingHours.some(({ weekday, fromMinute, toMinute }) => {
    const day = (weekday - 1) * 1440;
    return day + fromMinute <= at && at < day + toMinute;
  });
};

describe('the replay file of a day', () => {
  it('is what its seed makes', () => {
    assert.isTrue(makeDay(daySeed) === text, 'run: node src/dev/make-day.ts');
  });

  it('has 3,000 bookings with these columns, over at least 50 shops', () => {
    assert.strictEqual(text.slice(0, text.indexOf('\n')), columns.join(','));
    assert.lengthOf(rows, 3000);
    assert.isAtLeast(new Set(rows.map(({ shopId }) => shopId)).size, 50);
  });

  it('names shops, services and barbers of the sample network, and barbers of that shop', () => {
    for (const row of all) {
      assert.isTrue(shopOf.has(row.shopId));
      assert.isTrue(services.some(({ id }) => id === row.serviceId));
      if (row.barberId === '') continue;
      const barber = barbers.find(({ id }) => id === row.barberId);
      assert.isTrue(barber?.assignments.some(({ shopId }) => shopId === row.shopId));
    }
  });

  it('asks for times on the quarter of an hour within a week', () => {
    for (const row of all) assert.isTrue(minuteOf(row) % 15 === 0 && Number(row.dayOffset) <= 6);
  });

  it('has customers with mail and numbers that reach nobody', () => {
    for (const { email, phone, customerTimeZone } of all) {
      assert.match(email, /^[a-z.\d]+@[a-z]+\.example$/);
      assert.match(phone, /^(\+3515\d{8}|\+1\d{3}55501\d\d|\+447700900\d{3}|\+3363998\d{4})$/);
      assert.isTrue(isTimeZone(customerTimeZone));
    }
    const people = new Map(all.map(({ email, phone, name }) => [email, `${phone} ${name}`]));
    assert.lengthOf(new Set([...people.values()].map((value) => value.split(' ')[0])), people.size);
    for (const { email, phone, name } of all) assert.strictEqual(people.get(email), `${phone} ${name}`);
  });

  it('has peaks at lunch and after work, and most requests for the Monday', () => {
    const perHour = (from: number, to: number) => share((row) => row.dayOffset === '0' && between(row, from, to)) / (to - from);
    assert.isAbove(perHour(12, 14), perHour(9, 12));
    assert.isAbove(perHour(17.5, 19), perHour(14, 17));
    assert.isAbove(
      share(({ dayOffset }) => dayOffset === '0'),
      0.3,
    );
  });

  it('has favoured barbers, requests for any barber, and repeat customers', () => {
    const anyBarber = share(({ barberId }) => barberId === '');
    assert.isTrue(anyBarber > 0.3 && anyBarber < 0.6);
    const counts = new Map<string, number>();
    for (const { barberId } of firsts) if (barberId !== '') counts.set(barberId, (counts.get(barberId) ?? 0) + 1);
    const sorted = [...counts.values()].sort((a, b) => b - a);
    assert.isAbove(sorted[10]!, 2 * sorted[Math.floor(sorted.length / 2)]!);
    assert.isBelow(new Set(firsts.map(({ email }) => email)).size, 0.85 * firsts.length);
  });

  it('has all services, customers abroad, late evenings and visits after midnight', () => {
    assert.lengthOf(new Set(rows.map(({ serviceId }) => serviceId)), services.length);
    const abroad = share((row) => ['America/New_York', 'Europe/London', 'Europe/Paris'].includes(row.customerTimeZone));
    assert.isTrue(abroad > 0.05 && abroad < 0.12);
    assert.sameMembers([...new Set(rows.map(({ locale }) => locale))], ['pt-PT', 'en-GB']);
    assert.isAbove(
      share((row) => between(row, 20, 24)),
      0.03,
    );
    assert.isAbove(firsts.filter((row) => row.dayOffset === '6' && between(row, 0, 2)).length, 20);
  });

  it('repeats about 3 % of the submissions, word for word, soon after the first', () => {
    assert.lengthOf(firsts, 2910);
    const at = new Map<string, number>();
    rows.forEach((row, index) => {
      const first = at.get(row.key);
      if (first === undefined) at.set(row.key, index);
      else {
        assert.deepEqual(row, rows[first]);
        assert.isBelow(index - first, 50);
      }
    });
  });

  it('has different customers who want the same barber at the same time', () => {
    const wanted = firsts.filter(({ barberId }) => barberId !== '').map((row) => `${row.barberId} ${row.dayOffset} ${row.localTime}`);
    assert.isAbove(wanted.length - new Set(wanted).size, 100);
  });

  it('asks for closed times now and then', () => {
    const closed = share((row) => !isOpen(row));
    assert.isTrue(closed > 0.01 && closed < 0.05, `${closed} closed`);
  });
});

describe('what becomes of the bookings in the replay file', () => {
  const first = [...new Map(sequels.map((row) => [row.key, row])).values()];
  const of = (action: RowAction): Row[] => first.filter((row) => row.action === action);
  const bookingOf = new Map(rows.map((row) => [row.key, row]));
  const stories = Map.groupBy(
    first.filter(({ of: key }) => key !== ''),
    (row) => row.of,
  );
  const count = (...story: RowAction[]): number =>
    [...stories.values()].filter((steps) => steps.map(({ action }) => action).join() === story.join()).length;

  it('stands after the bookings: 180 cancels, 150 moves, 90 no-shows, 3 % of them repeated word for word', () => {
    assert.deepEqual(all.slice(0, rows.length), rows);
    assert.deepEqual([of('cancel').length, of('reschedule').length, of('no_show').length], [180, 150, 90]);
    assert.lengthOf(sequels, first.length + 13);
    for (const row of sequels)
      assert.deepEqual(
        row,
        first.find(({ key }) => key === row.key),
      );
  });

  it('has bookings that are moved twice, moved and then cancelled, and cancelled and then moved', () => {
    assert.strictEqual(count('reschedule', 'reschedule'), 20);
    assert.strictEqual(count('reschedule', 'cancel'), 25);
    assert.strictEqual(count('cancel', 'reschedule'), 6);
  });

  it('concerns the shop, service, customer and barber that were booked, at open times', () => {
    for (const row of first.filter(({ action }) => action !== 'no_show')) {
      const { shopId, serviceId, barberId, name, email } = bookingOf.get(row.of)!;
      assert.include(row, { shopId, serviceId, barberId, name, email });
      assert.isTrue(isOpen(row));
    }
  });

  it('moves to another time', () => {
    for (const row of of('reschedule')) {
      const { dayOffset, localTime } = bookingOf.get(row.of)!;
      assert.notStrictEqual(`${row.dayOffset} ${row.localTime}`, `${dayOffset} ${localTime}`);
    }
  });

  it('has past visits of one barber each, so that none stands in the way of another', () => {
    assert.lengthOf(new Set(of('no_show').map(({ barberId }) => barberId)), 90);
  });

  it('is limited to the bookings that are sent, and past visits to as large a share', () => {
    const { bookings, after } = inPhases(all, 600);
    const sent = new Set(bookings.map(({ key }) => key));
    assert.lengthOf(bookings, 600);
    for (const { action, of: key } of after) assert.isTrue(action === 'no_show' || sent.has(key));
    assert.strictEqual(new Set(after.filter(({ action }) => action === 'no_show').map(({ key }) => key)).size, 18);
    assert.lengthOf(inPhases(all, Infinity).after, sequels.length);
  });
});

describe('a row of the replay file', () => {
  it('becomes a request whose date follows from the day offset', () => {
    const row = rows.find(({ barberId, dayOffset }) => barberId === '' && dayOffset === '6')!;
    assert.strictEqual(localStart(row, '2026-10-26'), `2026-11-01T${row.localTime}`);
    const body = toBody(row, '2026-10-26');
    assert.notProperty(body, 'barberId');
    assert.deepEqual(Object.keys(body.customer), ['name', 'email', 'phone', 'timeZone', 'locale']);
  });

  it('is refused with its number when it is malformed', () => {
    const [header, first = ''] = text.split('\n');
    assert.throws(() => parseRows(`${header}\n${first.replace(/\d\d:\d\d/, '25:00')}`), 'Row 1 of the file is faulty: localTime');
    assert.throws(() => parseRows('key,dayOffset\na,0'), 'the column localTime is missing');
    assert.throws(() => parseRows(`${header}\n${first.replace(',book,', ',forget,')}`), 'action is none of');
    assert.throws(() => parseRows(`${header}\n${first.replace(',book,', ',cancel,r0009')}`), 'of names no booking above it');
  });

  it('becomes a move that names a barber only where the row does', () => {
    const [any, named] = [true, false].map((isAny) =>
      sequels.find(({ action, barberId }) => action === 'reschedule' && (barberId === '') === isAny)!,
    ) as [Row, Row];
    assert.deepEqual(toMove(any, '2026-10-26'), { localStart: localStart(any, '2026-10-26') });
    assert.deepEqual(toMove(named, '2026-10-26'), { localStart: localStart(named, '2026-10-26'), barberId: named.barberId });
  });

  it('becomes a visit of the last day when it is a no-show, whatever the hour and in the nights when the clocks change', () => {
    const row = sequels.find(({ action }) => action === 'no_show')!;
    for (const night of ['2026-10-25T00:00:00Z', '2026-11-23T00:00:00Z', '2027-03-28T00:00:00Z']) {
      for (let minute = 0; minute < 2880; minute += 1) {
        const now = Date.parse(night) + minute * 60_000 + 59_999;
        for (const zone of ['Europe/Lisbon', 'Atlantic/Azores']) {
          const startsAt = Date.parse(toPastBody(row, zone, now).startsAt!);
          assert.isTrue(startsAt <= now && now - startsAt < 23.6 * 3_600_000, new Date(now).toISOString());
          assert.strictEqual(startsAt % 900_000, 0);
        }
      }
    }
  });

  it('means by default the Monday after today', () => {
    assert.strictEqual(nextMonday(Date.parse('2026-11-22T12:00:00Z')), '2026-11-23');
    assert.strictEqual(nextMonday(Date.parse('2026-11-23T00:00:00Z')), '2026-11-30');
    assert.strictEqual(nextMonday(Date.parse('2026-06-28T23:30:00Z')), '2026-07-06');
  });
});
