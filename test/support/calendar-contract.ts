/**
 * What every calendar must do for us, whoever runs it. Each provider's test opens a subject (the calendar as we use it, over a line that
 * can break, and the hands of its owner, which are not on that line) and adds what is its own.
 */
import { expect } from 'chai';
import { CalendarError, type CalendarErrorKind } from '../../src/integrations/calendar/calendar.ts';
import { describeReading } from './calendar-reading.ts';
import { busy429, type CalendarProviderUnderTest, type CalendarSubject, type ContractStage } from './calendar-subject.ts';
import { describeWriting } from './calendar-writing.ts';
import type { Answer } from './faulty-http.ts';

/** `hasSequence`: whether the provider's events carry a sequence number. `start` may skip by the context that it is given. */
export function describeCalendar(
  name: string,
  { hasSequence, start }: { hasSequence: boolean; start: (context: Mocha.Context) => Promise<CalendarProviderUnderTest> },
): void {
  describe(`${name}, as every calendar,`, () => {
    const stage = {
      hasSequence,
      brief: async () => (await stage.subject.shown()).map(({ uid, start: at, sequence }) => ({ uid, start: at, sequence })),
      at: ({ uid, sequence }, at) => ({ uid, start: at, sequence: hasSequence ? sequence : null }),
      breakEach: (fault, kind, doing) => breakEach(stage.subject.line, fault, kind, doing),
    } as ContractStage;

    before(async function () {
      stage.provider = await start(this);
    });
    after(() => stage.provider?.stop());
    beforeEach(async () => {
      stage.subject = await stage.provider.open('Europe/Lisbon');
      stage.calendar = stage.subject.calendar;
    });
    afterEach(() => stage.subject?.close());

    describeWriting(stage);
    describeReading(stage);
  });
}

async function breakEach(
  { script, done }: CalendarSubject['line'],
  fault: Answer,
  kind: CalendarErrorKind,
  doing: () => Promise<unknown>,
): Promise<number> {
  for (let passed = 0; ; passed += 1) {
    script.push(...Array.from({ length: passed }, (): Answer => 'pass'), fault);
    const outcome = await doing().then(
      () => 'done',
      (error: unknown) => error,
    );
    await done();
    if (script.length > 0) {
      expect(outcome).to.equal('done');
      script.length = 0;
      return passed;
    }
    expect(outcome, `request ${passed + 1}`).to.be.instanceOf(CalendarError);
    const { kind: found, retryAfterSeconds } = outcome as CalendarError;
    expect([found, retryAfterSeconds], `request ${passed + 1}`).to.deep.equal([kind, fault === busy429 ? 7 : null]);
  }
}
