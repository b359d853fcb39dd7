/** Goal: invitations that every calendar reads the same. Method: written by us, read back by ical.js, and checked line by line (RFC 5545). */
import { expect } from 'chai';
import ICAL from 'ical.js';
import { invitation, type Invitation } from '../../src/integrations/invitation.ts';

const given: Invitation = {
  method: 'REQUEST', uid: 'a@punctual', sequence: 0, stampedAt: new Date('2026-11-22T10:00:00Z'),
  times: { timeZone: 'Europe/Lisbon', start: '2027-03-29T10:30:00', end: '2027-03-29T11:00:00' },
  summary: 'Corte, Rui', description: 'Linha um\nLinha dois; vírgula, ponto', location: 'Rua Garrett 1, Lisboa',
  organizer: { name: 'Navalha', email: 'bookings@punctual.example' }, attendee: { name: 'Ana Lopes', email: 'ana@example.com' },
};

function read(text: string) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const zone = calendar.getFirstSubcomponent('vtimezone');
  if (zone) ICAL.TimezoneService.register(new ICAL.Timezone(zone));
  return { calendar, event: new ICAL.Event(calendar.getFirstSubcomponent('vevent')!) };
}

describe('invitations', () => {
  it('a request, read back, says what was meant', () => {
    const { calendar, event } = read(invitation(given));

    expect(calendar.getFirstPropertyValue('method')).to.equal('REQUEST');
    expect(calendar.getFirstPropertyValue('prodid')).to.be.a('string');
    expect([event.uid, event.sequence, event.summary, event.description, event.location]).to.deep.equal(['a@punctual', 0, given.summary, given.description, given.location]);
    expect(event.startDate.toJSDate().toISOString()).to.equal('2027-03-29T09:30:00.000Z');
    expect(event.endDate.toJSDate().toISOString()).to.equal('2027-03-29T10:00:00.000Z');
    expect(event.component.getFirstPropertyValue('status')).to.equal('CONFIRMED');
    expect(event.component.getFirstPropertyValue('organizer')).to.equal('mailto:bookings@punctual.example');
    expect(String(event.component.getFirstPropertyValue('attendee')).toLowerCase()).to.equal('mailto:ana@example.com');
  });

  it('a cancellation, of the same appointment, keeps the UID and is higher in sequence', () => {
    const { calendar, event } = read(invitation({ ...given, method: 'CANCEL', sequence: 1 }));

    expect(calendar.getFirstPropertyValue('method')).to.equal('CANCEL');
    expect([event.uid, event.sequence, event.component.getFirstPropertyValue('status')]).to.deep.equal(['a@punctual', 1, 'CANCELLED']);
  });

  it('every line, whatever the names, ends in CRLF and has at most 75 octets', () => {
    const text = invitation({ ...given, summary: 'Coloração '.repeat(30), attendee: { name: '💈 "Zé"; Ção, o:m\r\nBEGIN:VEVENT', email: 'ze@example.com' } });

    expect(text.replaceAll('\r\n', '')).not.to.match(/[\r\n]/);
    for (const line of text.split('\r\n')) expect(Buffer.byteLength(line), line).to.be.at.most(75);
    expect(text.match(/^BEGIN:VEVENT/gm)).to.have.length(1);
    expect(read(text).event.summary.trim()).to.equal('Coloração '.repeat(30).trim());
  });

  it('instants in a repeated hour, sent in UTC, need no zone', () => {
    const text = invitation({ ...given, times: { timeZone: null, start: new Date('2026-10-25T01:30:00Z'), end: new Date('2026-10-25T02:00:00Z') } });

    expect(text).to.include('DTSTART:20261025T013000Z').and.not.to.include('VTIMEZONE');
  });

  it('the stamp, with a zone in the calendar, is in UTC', () => {
    expect(invitation(given)).to.include('DTSTAMP:20261122T100000Z').and.to.include('DTSTART;TZID=Europe/Lisbon:20270329T103000').and.to.include('BEGIN:VTIMEZONE');
  });
});
