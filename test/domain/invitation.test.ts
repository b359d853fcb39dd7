/**
 * Goal: Google, Outlook and Apple read from our invitations the appointment that we wrote, whatever the names, at the right instant.
 * Method: round trips through ical.js, a parser that shares no code with the writer; and what lenient parsers let pass (line ends, folding,
 * required properties) checked on the octets.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import ICAL from 'ical.js';
import { toMail } from '../../activities/message-parts.ts';
import { toWall } from '../../src/domain/time.ts';
import { invitation, type EventTimes, type Invitation } from '../../src/integrations/invitation.ts';
import { lineFaults } from '../support/calendar.ts';

if (process.env.FC_SEED) fc.configureGlobal({ seed: Number(process.env.FC_SEED) });

const id = '7b0f1c1e-8a51-5c3c-9d55-0e6a4c3a2f10';
const given: Invitation = {
  method: 'REQUEST',
  uid: `${id}@punctual`,
  sequence: 0,
  stampedAt: new Date('2026-11-22T10:00:00.000Z'),
  times: { timeZone: 'Europe/Lisbon', start: '2026-11-27T10:30:00', end: '2026-11-27T11:15:00' },
  summary: 'Corte e barba, Tiago Nunes',
  description: 'Olá Ana,\n\nA sua marcação está confirmada.',
  location: 'Barbearia do Chiado, Rua Garrett 12',
  organizer: { name: 'Barbearia do Chiado', email: 'bookings@punctual.example' },
  attendee: { name: 'Ana Conceição', email: 'ana@example.org' },
};

function read(text: string) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const component = calendar.getAllSubcomponents('vevent')[0];
  if (!component) throw new Error('no VEVENT');
  // A parser of its own for each file: zones are known from the file's VTIMEZONE alone.
  const zones = new Map(
    calendar.getAllSubcomponents('vtimezone').map((zone) => [String(zone.getFirstPropertyValue('tzid')), new ICAL.Timezone(zone)]),
  );
  const instant = (name: string): number => {
    const property = component.getFirstProperty(name);
    const time = property?.getFirstValue() as ICAL.Time;
    const tzid = property?.getFirstParameter('tzid');
    if (tzid !== undefined) {
      const zone = zones.get(tzid);
      if (!zone) throw new Error(`no VTIMEZONE for ${tzid}`);
      time.zone = zone;
    }
    return time.toJSDate().getTime();
  };
  const value = (name: string) => component.getFirstPropertyValue(name);
  const parameter = (property: string, name: string) => component.getFirstProperty(property)?.getFirstParameter(name);
  return { calendar, component, instant, value, parameter };
}

/** What a text may lose on its way: control characters become blanks, and direction marks vanish. */
const kept = (text: string) =>
  text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/\p{Bidi_Control}/gu, '')
    .trim();

describe('invitations', () => {
  it('say who, what, where and when, once', () => {
    const text = invitation(given);
    expect(lineFaults(text)).to.deep.equal([]);
    const { calendar, value, instant, parameter } = read(text);
    expect(calendar.getFirstPropertyValue('method')).to.equal('REQUEST');
    expect(calendar.getFirstPropertyValue('version')).to.equal('2.0');
    expect(calendar.getFirstPropertyValue('prodid')).to.match(/Punctual/);
    expect(calendar.getAllSubcomponents().map((one) => one.name)).to.deep.equal(['vtimezone', 'vevent']);
    expect(value('uid')).to.equal(`${id}@punctual`);
    expect(value('sequence')).to.equal(0);
    expect(value('status')).to.equal('CONFIRMED');
    expect(value('summary')).to.equal(given.summary);
    expect(value('description')).to.equal(given.description);
    expect(value('location')).to.equal(given.location);
    expect(value('organizer')).to.equal('mailto:bookings@punctual.example');
    expect(parameter('organizer', 'cn')).to.equal('Barbearia do Chiado');
    expect(String(value('attendee')).toLowerCase()).to.equal('mailto:ana@example.org');
    expect([
      parameter('attendee', 'cn'),
      parameter('attendee', 'rsvp'),
      parameter('attendee', 'partstat'),
      parameter('attendee', 'role'),
    ]).to.deep.equal(['Ana Conceição', 'FALSE', 'ACCEPTED', 'REQ-PARTICIPANT']);
    expect(new Date(instant('dtstart')).toISOString()).to.equal('2026-11-27T10:30:00.000Z');
    expect(new Date(instant('dtend')).toISOString()).to.equal('2026-11-27T11:15:00.000Z');
    expect(text).to.include('\r\nDTSTART;TZID=Europe/Lisbon:20261127T103000\r\n').and.include('\r\nDTSTAMP:20261122T100000Z\r\n');
  });

  it('take the same event back under a higher sequence', () => {
    const text = invitation({ ...given, method: 'CANCEL', sequence: 3 });
    expect(lineFaults(text)).to.deep.equal([]);
    const { calendar, value } = read(text);
    expect(calendar.getFirstPropertyValue('method')).to.equal('CANCEL');
    expect([value('uid'), value('sequence'), value('status')]).to.deep.equal([`${id}@punctual`, 3, 'CANCELLED']);
    // RFC 5546, 3.2.5: a cancellation without these is ignored.
    for (const name of ['organizer', 'attendee', 'dtstamp', 'dtstart']) expect(value(name), name).to.not.equal(null);
  });

  it('are the same text for the same appointment', () => {
    expect(invitation(given)).to.equal(invitation(structuredClone(given)));
  });

  it('survive names with commas, quotes, newlines and emojis', () => {
    const name = 'O "Zé", Lda; 💈\r\nATTENDEE;CN=x:mailto:evil@example.org\u202e ^n \\n :';
    const text = invitation({
      ...given,
      summary: name,
      location: name,
      description: `${name}\n${name}`,
      organizer: { ...given.organizer, name },
      attendee: { ...given.attendee, name },
    });
    expect(lineFaults(text)).to.deep.equal([]);
    const { component, value, parameter } = read(text);
    expect(component.getAllProperties('attendee')).to.have.length(1);
    const shown = 'O "Zé", Lda; 💈 ATTENDEE;CN=x:mailto:evil@example.org ^n \\n :';
    expect(value('summary')).to.equal(shown);
    expect(value('location')).to.equal(shown);
    expect(value('description')).to.equal([0, 1].map(() => 'O "Zé", Lda; 💈\nATTENDEE;CN=x:mailto:evil@example.org ^n \\n :').join('\n'));
    for (const property of ['organizer', 'attendee'])
      expect(parameter(property, 'cn')).to.equal("O 'Zé', Lda; 💈 ATTENDEE;CN=x:mailto:evil@example.org  n  n :");
    expect(text.replaceAll('\r\n ', '')).to.match(/\nATTENDEE;[^\n]*CN="[^"\r\n]*":mailto:ana@example.org\r\n/i);
  });

  it('fold by octets, and lose nothing of any text', () => {
    const text = fc
      .array(
        fc.oneof(
          fc.string({ unit: 'grapheme', maxLength: 60 }),
          fc.constantFrom('💈'.repeat(30), 'ã'.repeat(80), ',;\\"'.repeat(20), '\r\n', 'https://example.org/?a=b;c'),
        ),
        { maxLength: 4 },
      )
      .map((parts) => `x${parts.join('')}x`);
    fc.assert(
      fc.property(text, text, (one, other) => {
        const written = invitation({
          ...given,
          summary: one,
          description: other,
          organizer: { ...given.organizer, name: other },
          attendee: { ...given.attendee, name: one },
        });
        expect(lineFaults(written)).to.deep.equal([]);
        const { value, parameter } = read(written);
        expect(value('summary')).to.equal(kept(one));
        expect(value('description')).to.equal(
          other
            .split(/\r\n|\r|\n/)
            .map((line) =>
              line === ''
                ? ''
                : line
                    .toWellFormed()
                    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
                    .replaceAll(/\p{Bidi_Control}/gu, ''),
            )
            .join('\n'),
        );
        expect(String(parameter('attendee', 'cn')).replaceAll(/[\^\\"' ]/g, '')).to.equal(kept(one).replaceAll(/[\^\\"' ]/g, ''));
        expect(String(value('attendee')).toLowerCase()).to.equal('mailto:ana@example.org');
      }),
      { numRuns: 300 },
    );
  });

  it('define the zone that they name, an alias too, so that a reader without zone data finds the instant', () => {
    for (const timeZone of [
      'Europe/Lisbon',
      'Atlantic/Azores',
      'Atlantic/Madeira',
      'Europe/Oslo',
      'Asia/Calcutta',
      'America/St_Johns',
      'Australia/Lord_Howe',
    ]) {
      for (let at = Date.UTC(2026, 11, 1, 13); at < Date.UTC(2027, 11, 1); at += 9 * 86_400_000) {
        const [start = '', end = ''] = [at, at + 2_700_000].map((instant) => toWall(instant, timeZone).iso.slice(0, 19));
        const { calendar, instant } = read(invitation({ ...given, times: { timeZone, start, end } }));
        expect(calendar.getFirstSubcomponent('vtimezone')?.getFirstPropertyValue('tzid')).to.equal(timeZone);
        expect(instant('dtstart'), `${timeZone} ${start}`).to.equal(at);
        expect(instant('dtend'), `${timeZone} ${end}`).to.equal(at + 2_700_000);
      }
    }
    expect(() =>
      invitation({ ...given, times: { timeZone: 'Mars/Olympus', start: '2026-11-27T10:30:00', end: '2026-11-27T11:15:00' } }),
    ).to.throw(/Mars\/Olympus/);
  });

  it('write an instant as UTC where no zone is given', () => {
    const times: EventTimes = { timeZone: null, start: new Date('2026-10-25T01:30:00Z'), end: new Date('2026-10-25T02:00:00Z') };
    const text = invitation({ ...given, times });
    expect(text).to.include('\r\nDTSTART:20261025T013000Z\r\nDTEND:20261025T020000Z\r\n').and.not.include('VTIMEZONE');
  });

  it('name the true instant of any visit around a clock change, the repeated hour included', () => {
    const visit = (at: number, timeZone: string, minutes: number) => {
      const context = {
        id: 'd1',
        networkId: 'n1',
        appointmentId: id,
        kind: 'confirmation_customer',
        sequence: 0,
        startsAt: new Date(at).toISOString(),
        endsAt: new Date(at + minutes * 60_000).toISOString(),
        shop: { name: 'Loja', address: 'Rua', phone: null, email: null, timeZone, locale: 'pt-PT' },
        service: { name: 'Corte' },
        barber: { name: 'Tiago', email: null, locale: 'pt' },
        customer: { name: 'Ana', email: 'ana@example.org', timeZone, locale: 'pt' },
      } as Parameters<typeof toMail>[0];
      const mail = toMail(
        context,
        { name: 'Ana', address: 'ana@example.org', locale: 'pt' },
        { subject: 's', text: 't', html: 'h', sms: 's', calendar: 'c' },
        'bookings@punctual.example',
        new Date(0),
      );
      return mail.invitation?.content ?? '';
    };
    const changes: [zone: string, change: string][] = [
      ['Europe/Lisbon', '2026-10-25T01:00Z'],
      ['Europe/Lisbon', '2027-03-28T01:00Z'],
      ['Atlantic/Azores', '2026-10-25T01:00Z'],
      ['Australia/Lord_Howe', '2027-04-03T15:00Z'],
    ];
    for (const [zone, change] of changes) {
      for (let minutes = -180; minutes <= 180; minutes += 15) {
        const at = Date.parse(change) + minutes * 60_000;
        const text = visit(at, zone, 30);
        const { instant } = read(text);
        expect([instant('dtstart'), instant('dtend')], `${zone} ${new Date(at).toISOString()}\n${text}`).to.deep.equal([
          at,
          at + 1_800_000,
        ]);
      }
    }
    expect(visit(Date.parse('2026-10-25T00:30Z'), 'Europe/Lisbon', 15), 'the first pass').to.include('DTSTART:20261025T003000Z');
    expect(visit(Date.parse('2026-10-25T01:30Z'), 'Europe/Lisbon', 15), 'the second pass').to.include('DTSTART:20261025T013000Z');
    expect(visit(Date.parse('2026-10-25T08:30Z'), 'Europe/Lisbon', 15), 'hours later').to.include(
      'DTSTART;TZID=Europe/Lisbon:20261025T083000',
    );
  });
});
