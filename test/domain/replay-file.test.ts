/** The replay file: 3,000 requests that mean something in the sample network and have the shape of a real day. */
import { readFileSync } from 'node:fs';
import { assert } from 'chai';
import { columns, localStart, parseRows, toBody, type Row } from '../../src/cli/replay/rows.ts';
import { nextMonday } from '../../src/cli/replay/options.ts';
import { dayFile, daySeed, makeDay } from '../../src/dev/make-day.ts';
import { sampleNetwork } from '../../src/dev/sample-network.ts';
import { isTimeZone } from '../../src/domain/time.ts';

const text = readFileSync(dayFile, 'utf8');
const rows = parseRows(text);
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

  it('has 3,000 rows with these columns, over at least 50 shops', () => {
    assert.strictEqual(text.slice(0, text.indexOf('\n')), columns.join(','));
    assert.lengthOf(rows, 3000);
    assert.isAtLeast(new Set(rows.map(({ shopId }) => shopId)).size, 50);
  });

  it('names shops, services and barbers of the sample network, and barbers of that shop', () => {
    for (const row of rows) {
      assert.isTrue(shopOf.has(row.shopId));
      assert.isTrue(services.some(({ id }) => id === row.serviceId));
      if (row.barberId === '') continue;
      const barber = barbers.find(({ id }) => id === row.barberId);
      assert.isTrue(barber?.assignments.some(({ shopId }) => shopId === row.shopId));
    }
  });

  it('asks for times on the quarter of an hour within a week', () => {
    for (const row of rows) assert.isTrue(minuteOf(row) % 15 === 0 && Number(row.dayOffset) <= 6);
  });

  it('has customers with mail and numbers that reach nobody', () => {
    for (const { email, phone, customerTimeZone } of rows) {
      assert.match(email, /^[a-z.\d]+@[a-z]+\.example$/);
      assert.match(phone, /^(\+3515\d{8}|\+1\d{3}55501\d\d|\+447700900\d{3}|\+3363998\d{4})$/);
      assert.isTrue(isTimeZone(customerTimeZone));
    }
    const people = new Map(rows.map(({ email, phone, name }) => [email, `${phone} ${name}`]));
    assert.lengthOf(new Set([...people.values()].map((value) => value.split(' ')[0])), people.size);
    for (const { email, phone, name } of rows) assert.strictEqual(people.get(email), `${phone} ${name}`);
  });

  it('has peaks at lunch and after work, and most requests for the Monday', () => {
    const perHour = (from: number, to: number) => share((row) => row.dayOffset === '0' && between(row, from, to)) / (to - from);
    assert.isAbove(perHour(12, 14), perHour(9, 12));
    assert.isAbove(perHour(17.5, 19), perHour(14, 17));
    assert.isAbove(share(({ dayOffset }) => dayOffset === '0'), 0.3);
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
    assert.isAbove(share((row) => between(row, 20, 24)), 0.03);
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
  });

  it('means by default the Monday after today', () => {
    assert.strictEqual(nextMonday(Date.parse('2026-11-22T12:00:00Z')), '2026-11-23');
    assert.strictEqual(nextMonday(Date.parse('2026-11-23T00:00:00Z')), '2026-11-30');
    assert.strictEqual(nextMonday(Date.parse('2026-06-28T23:30:00Z')), '2026-07-06');
  });
});
