/**
 * Goal: a subscribed calendar says at each privacy what it may and nothing else, at the true instants, under the UIDs of the mails. Method:
 * written texts read by ical.js and by Python's `icalendar`; breaches that parsers forgive are looked for in the octets.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { toMail } from '../../activities/message-parts.ts';
import { calendarPrivacies, type CalendarPrivacy } from '../../src/domain/calendar-visit.ts';
import { feedEvent, type FeedOwner, type FeedVisit } from '../../src/domain/feed.ts';
import { textsFor } from '../../src/domain/message-texts.ts';
import { writeFeed } from '../../src/integrations/feed.ts';
import { lineFaults, readCalendar } from '../support/calendar.ts';
import { needPython, readFeedsByPython } from '../support/python.ts';

const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31);
const [id, barberId] = ['7b0f1c1e-8a51-5c3c-9d55-0e6a4c3a2f10', '0d8c2a5e-1111-4c3c-8d55-0e6a4c3a2f11'];
const visit: FeedVisit = {
  appointmentId: id,
  barberId: null,
  sequence: 4,
  status: 'confirmed',
  startsAt: '2026-11-27T10:30:00.000Z',
  endsAt: '2026-11-27T11:15:00.000Z',
  changedAt: '2026-11-22T10:00:00.000Z',
  timeZone: 'Europe/Lisbon',
  serviceName: 'Corte + Barba',
  barberName: 'Tiago Nunes',
  shopName: 'Barbearia do Chiado',
  shopAddress: 'Rua Garrett 12; 1.º',
  customerName: 'Ana Conceição',
  customerPhone: '+351911222333',
};
const ofBarber: FeedOwner = { barberId, shopId: null };
const ofShop: FeedOwner = { barberId: null, shopId: barberId };
const write = (
  visits: FeedVisit[],
  {
    privacy = 'full',
    owner = ofBarber,
    locale = 'pt-PT',
    name = 'Tiago Nunes',
  }: { privacy?: CalendarPrivacy; owner?: FeedOwner; locale?: string; name?: string } = {},
) =>
  writeFeed({ name, timeZone: 'Europe/Lisbon', events: visits.map((each) => feedEvent(privacy, owner, each, textsFor(locale, locale))) });

/** Both readers leave the escapes of TEXT (RFC 5545, 3.3.11) in properties that they do not know. */
const plain = (value: string): string => value.replaceAll(/\\([,;\\])/g, '$1');

/** Half-hour visits, a quarter of an hour apart, around changes of clocks. */
const aroundChanges = [
  ['Europe/Lisbon', '2026-10-25T01:00Z'],
  ['Europe/Lisbon', '2027-03-28T01:00Z'],
  ['Atlantic/Azores', '2026-10-25T01:00Z'],
  ['Australia/Lord_Howe', '2027-04-03T15:00Z'],
].flatMap(([timeZone = '', change = '']) =>
  Array.from({ length: 25 }, (_, index): FeedVisit => {
    const at = Date.parse(change) + (index - 12) * 15 * 60_000;
    return {
      ...visit,
      appointmentId: `${timeZone} ${at}`,
      timeZone,
      startsAt: new Date(at).toISOString(),
      endsAt: new Date(at + 1_800_000).toISOString(),
    };
  }),
);

describe('feeds, as texts', () => {
  const where = 'Barbearia do Chiado, Rua Garrett 12; 1.º';
  const cases: [privacy: CalendarPrivacy, owner: FeedOwner, locale: string, summary: string, location: string, description: string][] = [
    ['busy', ofBarber, 'pt-PT', 'Ocupado', '', ''],
    ['busy', ofShop, 'en-GB', 'Busy', '', ''],
    ['service', ofBarber, 'pt-PT', 'Corte + Barba', where, ''],
    ['service', ofShop, 'en', 'Tiago Nunes: Corte + Barba', where, ''],
    ['full', ofBarber, 'pt-PT', 'Corte + Barba, Ana Conceição', where, 'Cliente: Ana Conceição\nTelefone: +351911222333'],
    ['full', ofShop, 'en-GB', 'Tiago Nunes: Corte + Barba, Ana Conceição', where, 'Customer: Ana Conceição\nPhone: +351911222333'],
    ['full', ofBarber, 'fr', 'Corte + Barba, Ana Conceição', where, 'Customer: Ana Conceição\nPhone: +351911222333'],
  ];
  for (const [privacy, owner, locale, summary, location, description] of cases) {
    it(`a visit, in a ${owner === ofShop ? 'shop' : 'barber'}'s feed of "${privacy}" in ${locale}, says just that`, async () => {
      const text = await write([visit], { privacy, owner, locale });
      expect(lineFaults(text)).to.deep.equal([]);
      const {
        events: [event],
      } = readCalendar(text);
      const told = [...(location ? ['location'] : []), ...(description ? ['description'] : [])];
      expect(event).to.deep.equal({
        uid: `${id}@punctual`,
        sequence: 4,
        status: 'CONFIRMED',
        summary,
        location,
        description,
        start: visit.startsAt,
        end: visit.endsAt,
        stampedAt: visit.changedAt,
        properties: ['uid', 'sequence', 'dtstamp', 'dtstart', 'dtend', 'summary', ...told, 'status'],
      });
    });
  }

  it('a customer who is erased or never said who he is, in a full feed, leaves the service', async () => {
    const { events } = readCalendar(
      await write([
        { ...visit, customerName: null, customerPhone: null },
        { ...visit, customerName: null, customerPhone: '+351911222333' },
      ]),
    );
    expect(events.map(({ summary, description }) => [summary, description])).to.deep.equal([
      ['Corte + Barba', ''],
      ['Corte + Barba', 'Telefone: +351911222333'],
    ]);
  });

  it('a visit that waits for approval, is tentative; all others are certain', async () => {
    const { events } = readCalendar(
      await write(
        (['pending_approval', 'confirmed', 'checked_in', 'started', 'completed'] as const).map((status) => ({ ...visit, status })),
      ),
    );
    expect(events.map(({ status }) => status)).to.deep.equal(['TENTATIVE', 'CONFIRMED', 'CONFIRMED', 'CONFIRMED', 'CONFIRMED']);
  });

  it('the calendar, says its name, that it is published, and when to look again, before its first component', async () => {
    const name = 'Zé, "o Rápido"; \\ filho';
    const text = await write([visit], { name });
    const { value, zones } = readCalendar(text);
    expect(['method', 'x-published-ttl', 'refresh-interval', 'version'].map(value)).to.deep.equal(['PUBLISH', 'PT15M', 'PT15M', '2.0']);
    expect([plain(value('name')), plain(value('x-wr-calname'))]).to.deep.equal([name, name]);
    expect(zones).to.deep.equal(['Europe/Lisbon']);
    expect(text.indexOf('REFRESH-INTERVAL;VALUE=DURATION:PT15M\r\n')).to.be.within(0, text.indexOf('BEGIN:VTIMEZONE'));
    expect(await write([visit], { name }), 'written again').to.equal(text);
  });

  it('an empty calendar, still has a component, as it must', async () => {
    const text = await write([]);
    expect(lineFaults(text)).to.deep.equal([]);
    expect(readCalendar(text)).to.deep.include({ zones: ['Europe/Lisbon'], events: [] });
  });

  it('as many visits as are written in several turns, are all there, in order, with one definition of each zone', async () => {
    const many = Array.from({ length: 1001 }, (_, index): FeedVisit => ({
      ...visit,
      appointmentId: String(index),
      timeZone: index % 2 ? 'Atlantic/Azores' : 'Europe/Lisbon',
    }));
    const { events, zones } = readCalendar(await write(many));
    expect(events.map(({ uid }) => uid)).to.deep.equal(many.map(({ appointmentId }) => `${appointmentId}@punctual`));
    expect(zones).to.deep.equal(['Europe/Lisbon', 'Atlantic/Azores']);
  });

  it('any visit around a clock change, the repeated hour included, is at its true instant', async () => {
    const text = await write(aroundChanges);
    expect(readCalendar(text).events.map(({ start, end }) => [start, end])).to.deep.equal(
      aroundChanges.map(({ startsAt, endsAt }) => [startsAt, endsAt]),
    );
    // RFC 5545 reads a wall time that happens twice as the first.
    expect(text).to.include('\r\nDTSTART:20261025T013000Z\r\n').and.include('\r\nDTSTART;TZID=Europe/Lisbon:20261025T033000\r\n');
  });

  it('any wording, from whatever it comes, stays in its line and loses nothing', async () => {
    const word = fc
      .array(
        fc.oneof(
          fc.string({ unit: 'grapheme', maxLength: 40 }),
          fc.constantFrom('💈'.repeat(30), ',;\\"'.repeat(20), '\r\nATTENDEE:mailto:evil@example.org', '\u202e'),
        ),
      )
      .map((parts) => `x${parts.join('')}x`);
    const shown = (text: string) =>
      text
        .toWellFormed()
        .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
        .replaceAll(/\p{Bidi_Control}/gu, '')
        .trim();
    await fc.assert(
      fc.asyncProperty(word, word, async (one, other) => {
        const text = await write([{ ...visit, serviceName: one, customerName: other, shopName: other, shopAddress: one }], { name: one });
        expect(lineFaults(text)).to.deep.equal([]);
        const {
          events: [event],
          value,
        } = readCalendar(text);
        expect(event).to.include({
          summary: shown(`${one}, ${other}`),
          location: shown(`${other}, ${one}`),
          description: `${shown(`Cliente: ${other}`)}\nTelefone: +351911222333`,
        });
        expect(plain(value('name'))).to.equal(shown(one));
      }),
      { numRuns: 150, seed },
    );
  });

  it("the UID and the times of a visit, of one barber and of several, are those of the mail's invitation", async () => {
    for (const only of [null, barberId]) {
      for (const each of [visit, ...aroundChanges.filter((_, index) => index % 5 === 0)]) {
        const shop = { name: 'Loja', address: 'Rua', phone: null, email: null, timeZone: each.timeZone, locale: 'pt-PT' };
        const context = {
          ...each,
          id: 'd1',
          networkId: 'n1',
          kind: 'confirmation_barber',
          barberId: only,
          about: null,
          shop,
          service: { name: 'Corte' },
          barber: { name: 'Tiago', email: 't@example.org', locale: 'pt' },
          customer: null,
        } as unknown as Parameters<typeof toMail>[0];
        const mail = toMail(
          context,
          { name: 'Tiago', address: 't@example.org', locale: 'pt' },
          { subject: 's', text: 't', html: 'h', sms: 's', calendar: 'c' },
          'bookings@punctual.example',
          new Date(0),
        );
        const lines = (text: string) =>
          text.split('\r\n').filter((line) => /^(UID|SEQUENCE|DTSTART|DTEND)[:;]/.test(line) && !/:19\d\d/.test(line));
        expect(lines(await write([{ ...each, barberId: only }]))).to.deep.equal(lines(mail.invitation!.content));
      }
    }
  });

  it('every feed, read by Python, says the same, by the name of the zone and by its definition', async function () {
    const python = needPython(this);
    const texts = await Promise.all([
      ...calendarPrivacies.map((privacy) =>
        write([{ ...visit, status: 'pending_approval' }], { privacy, owner: ofShop, name: 'Zé, "o Rápido"; filho' }),
      ),
      write(aroundChanges),
      write([]),
    ]);
    const said = await readFeedsByPython(python, texts);
    expect(said.map(({ method, refreshSeconds }) => [method, refreshSeconds])).to.deep.equal(texts.map(() => ['PUBLISH', 900]));
    expect(plain(said[0]!.name)).to.equal('Zé, "o Rápido"; filho');
    expect(
      said.slice(0, 3).map(({ events: [event] }) => [event!.summary, event!.location, event!.description, event!.url, event!.people]),
    ).to.deep.equal([
      ['Ocupado', '', '', '', 0],
      ['Tiago Nunes: Corte + Barba', where, '', '', 0],
      ['Tiago Nunes: Corte + Barba, Ana Conceição', where, 'Cliente: Ana Conceição\nTelefone: +351911222333', '', 0],
    ]);
    expect(said[2]!.events[0]).to.include({ uid: `${id}@punctual`, sequence: 4, status: 'TENTATIVE', stampedAt: visit.changedAt });
    expect(said[3]!.events.map(({ start, startByFile, end }) => [start, startByFile, end])).to.deep.equal(
      aroundChanges.map(({ startsAt, endsAt }) => [startsAt, startsAt, endsAt]),
    );
    expect([said[4]!.zones, said[4]!.events]).to.deep.equal([['Europe/Lisbon'], []]);
  });
});
