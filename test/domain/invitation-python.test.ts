/**
 * Goal: a second reader, of another language and house, finds in our invitations what we wrote. Method: Python's `icalendar` reads them, by
 * its own zone data and by the VTIMEZONE that they bring along. What it is asked to read is chosen at random, and around clock changes.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { toWall } from '../../src/domain/time.ts';
import { invitation, type Invitation } from '../../src/integrations/invitation.ts';
import { needPython, readByPython } from '../support/python.ts';

const given: Invitation = {
  method: 'REQUEST',
  uid: '7b0f1c1e-8a51-5c3c-9d55-0e6a4c3a2f10@punctual',
  sequence: 0,
  stampedAt: new Date('2026-11-22T10:00:00.000Z'),
  times: { timeZone: 'Europe/Lisbon', start: '2026-11-27T10:30:00', end: '2026-11-27T11:15:00' },
  summary: 'Corte e barba, Tiago Nunes',
  description: 'Olá Ana,\n\nA sua marcação está confirmada.',
  location: 'Barbearia do Chiado, Rua Garrett 12',
  organizer: { name: 'Barbearia do Chiado', email: 'bookings@punctual.example' },
  attendee: { name: 'Ana Conceição', email: 'ana@example.org' },
};

describe('invitations, read by Python', () => {
  let python: string;
  before(function () {
    python = needPython(this);
  });

  it('say who, what, where and when, and that it is off', async () => {
    const [booked, off] = await readByPython(python, [invitation(given), invitation({ ...given, method: 'CANCEL', sequence: 3 })]);
    // A scheme has no case (RFC 3986, 3.1).
    expect({ ...booked!, attendee: booked!.attendee.toLowerCase() }).to.deep.equal({
      method: 'REQUEST',
      uid: given.uid,
      sequence: 0,
      status: 'CONFIRMED',
      summary: given.summary,
      location: given.location,
      description: given.description,
      organizer: 'mailto:bookings@punctual.example',
      attendee: 'mailto:ana@example.org',
      attendeeName: 'Ana Conceição',
      stampedAt: '2026-11-22T10:00:00.000Z',
      start: '2026-11-27T10:30:00.000Z',
      end: '2026-11-27T11:15:00.000Z',
      startByFile: '2026-11-27T10:30:00.000Z',
    });
    expect(off).to.include({ method: 'CANCEL', uid: given.uid, sequence: 3, status: 'CANCELLED' });
  });

  it('of any wording, lose nothing of it', async () => {
    const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31);
    const word = fc
      .oneof(
        fc.stringMatching(/^[\p{L}\p{N} ,;:."'()&+–€💈-]{0,60}$/u),
        fc.constantFrom('💈'.repeat(30), 'ã'.repeat(80), ',;"'.repeat(20), 'https://example.org/?a=b;c'),
      )
      .map((text) => `x${text}x`);
    const wordings = fc.sample(fc.tuple(word, word, word), { numRuns: 200, seed });
    const said = await readByPython(
      python,
      wordings.map(([summary, location, description]) =>
        invitation({ ...given, summary, location, description: `${description}\n${summary}` }),
      ),
    );
    for (const [index, [summary, location, description]] of wordings.entries()) {
      expect(said[index], `FC_SEED=${seed}`).to.include({ summary, location, description: `${description}\n${summary}` });
    }
  });

  it('of every zone, all through a year, name the true instant, by the name of the zone and by its definition', async () => {
    const visits = [
      'Europe/Lisbon',
      'Atlantic/Azores',
      'Atlantic/Madeira',
      'Europe/Oslo',
      'Asia/Calcutta',
      'America/St_Johns',
      'Australia/Lord_Howe',
    ].flatMap((timeZone) =>
      Array.from({ length: 40 }, (_, index) => ({ timeZone, at: Date.UTC(2026, 11, 1, 13) + index * 9 * 86_400_000 })),
    );
    const said = await readByPython(
      python,
      visits.map(({ timeZone, at }) => {
        const [start = '', end = ''] = [at, at + 2_700_000].map((instant) => toWall(instant, timeZone).iso.slice(0, 19));
        return invitation({ ...given, times: { timeZone, start, end } });
      }),
    );
    for (const [index, { timeZone, at }] of visits.entries()) {
      const instant = new Date(at).toISOString();
      expect(said[index], timeZone).to.include({ start: instant, startByFile: instant, end: new Date(at + 2_700_000).toISOString() });
    }
  });

  it('broken on purpose, are not read', async () => {
    const broken = invitation(given).replace('DTSTART;TZID=Europe/Lisbon:20261127T103000', 'DTSTART;TZID=Europe/Lisbon:soon');
    expect(
      await readByPython(python, [broken]).then(
        () => 'read',
        () => 'refused',
      ),
    ).to.equal('refused');
    const [elsewhere] = await readByPython(python, [invitation(given).replaceAll('TZOFFSETTO:+0000', 'TZOFFSETTO:+0500')]);
    expect(elsewhere).to.include({ start: '2026-11-27T10:30:00.000Z', startByFile: '2026-11-27T05:30:00.000Z' });
  });
});
