/**
 * Goal: times and prices, written for a reader, are right at any hour and in any zone, and cannot be taken for others.
 * Method: wall times against the time module, which shares no code with the texts; the edges against texts written by hand.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { instantsOf, toWall } from '../../src/domain/time.ts';
import { clocksDiffer, priceText, shortWallText, wallRangeText, wallText } from '../../src/domain/wall-text.ts';

if (process.env.FC_SEED) fc.configureGlobal({ seed: Number(process.env.FC_SEED) });

describe('wall texts', () => {
  it('show the time that the time module computes, for any instant and zone', () => {
    const zones = [
      'Europe/Lisbon',
      'Atlantic/Azores',
      'America/St_Johns',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'Pacific/Apia',
      'Pacific/Kiritimati',
      'UTC',
    ];
    fc.assert(
      fc.property(
        fc.date({ min: new Date('2000-01-01'), max: new Date('2040-01-01'), noInvalidDate: true }),
        fc.constantFrom(...zones),
        fc.constantFrom('pt-PT', 'en-GB', 'en-US', 'ar-EG', 'th-TH'),
        (at, zone, locale) => {
          const wall = toWall(at.getTime(), zone);
          const text = wallText(at.getTime(), zone, locale);
          expect(text)
            .to.include(wall.date.slice(0, 4))
            .and.match(new RegExp(`\\b${Number(wall.date.slice(8))}\\b`));
          expect(text.slice(text.lastIndexOf(', ', text.indexOf(' ('))), text).to.equal(
            `, ${wall.time} (${zone}, UTC${wall.iso.slice(-6)})`,
          );
          expect(wallText(at.toISOString(), zone, locale)).to.equal(text);
        },
      ),
    );
  });

  it('use a clock of 24 hours, midnight being 00', () => {
    expect(wallText('2026-11-28T00:05:00Z', 'Europe/Lisbon', 'pt-PT')).to.equal(
      'sábado, 28 de novembro de 2026, 00:05 (Europe/Lisbon, UTC+00:00)',
    );
    expect(wallText('2026-11-28T00:05:00Z', 'Atlantic/Azores', 'en-US')).to.equal(
      'Friday, November 27, 2026, 23:05 (Atlantic/Azores, UTC-01:00)',
    );
    expect(shortWallText('2027-06-30T23:30:00Z', 'Europe/Lisbon', 'pt-PT')).to.equal('1 de julho de 2027, 00:30 (Europe/Lisbon)');
  });

  it('tell the two passes of a repeated hour apart, and show both offsets of a visit across the change', () => {
    const zone = 'Europe/Lisbon';
    expect(wallText('2026-10-25T00:30:00Z', zone, 'en-GB')).to.equal('Sunday, 25 October 2026, 01:30 (Europe/Lisbon, UTC+01:00)');
    expect(wallText('2026-10-25T01:30:00Z', zone, 'en-GB')).to.equal('Sunday, 25 October 2026, 01:30 (Europe/Lisbon, UTC+00:00)');
    expect(wallRangeText('2026-10-25T00:45:00Z', '2026-10-25T01:15:00Z', zone, 'en-GB')).to.equal(
      'Sunday, 25 October 2026, 01:45 (UTC+01:00) – 01:15 (UTC+00:00), Europe/Lisbon',
    );
    expect(wallRangeText('2027-03-28T00:45:00Z', '2027-03-28T01:15:00Z', zone, 'pt-PT')).to.equal(
      'domingo, 28 de março de 2027, 00:45 (UTC+00:00) – 02:15 (UTC+01:00), Europe/Lisbon',
    );
  });

  it('tell them apart where little room is too, and say nothing of offsets else', () => {
    const changes = {
      'Europe/Lisbon': '2026-10-25T01:00Z',
      'Australia/Lord_Howe': '2026-04-04T15:00Z',
      'Antarctica/Troll': '2026-10-25T01:00Z',
    };
    for (const [zone, change] of Object.entries(changes)) {
      for (let minutes = -240; minutes <= 240; minutes += 5) {
        const at = Date.parse(change) + minutes * 60_000;
        const { date, minute } = toWall(at, zone);
        expect(/UTC[+-]/.test(shortWallText(at, zone, 'en-GB')), `${zone} ${minutes}`).to.equal(instantsOf(date, minute, zone).length > 1);
      }
    }
    expect(shortWallText('2026-04-04T14:45:00Z', 'Australia/Lord_Howe', 'en-GB', false)).to.equal('5 April 2026, 01:45 (UTC+11:00)');
    expect(shortWallText('2026-04-04T15:15:00Z', 'Australia/Lord_Howe', 'en-GB')).to.equal(
      '5 April 2026, 01:45 (Australia/Lord_Howe, UTC+10:30)',
    );
  });

  it('compare clocks by day as well as hour', () => {
    expect(clocksDiffer('2026-11-27T10:30:00Z', 'Pacific/Kiritimati', 'Pacific/Honolulu')).to.equal(true);
    expect(clocksDiffer('2026-11-27T10:30:00Z', 'Asia/Calcutta', 'Asia/Kolkata')).to.equal(false);
    expect(clocksDiffer('2026-10-25T00:30:00Z', 'Europe/Lisbon', 'Europe/London')).to.equal(false);
  });

  it('write prices as the reader does', () => {
    expect(priceText(2250, 'EUR', 'pt-PT')).to.equal('22,50\u00a0€');
    expect(priceText(2250, 'EUR', 'en-GB')).to.equal('€22.50');
    expect(priceText(0, 'EUR', 'en-GB')).to.equal('€0.00');
  });
});
