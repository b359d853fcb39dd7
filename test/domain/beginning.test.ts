/** Goal: an appointment begins in the right state, by how it came to be and who asked. Method: one case for each way. */
import { expect } from 'chai';
import { beginningOf } from '../../src/domain/beginning.ts';
import type { Entry } from '../../src/domain/change.ts';
import { defaultSettings } from '../../src/domain/rules.ts';
import { MINUTE } from '../../src/domain/time.ts';

const HOUR = 60 * MINUTE;
const now = Date.parse('2026-11-29T10:00:00Z');
const settings = { ...defaultSettings, holdSeconds: 300, offerMinutes: 20, approvalWithinMinutes: 120, approvalRequired: false };
type Circumstances = { approvalRequired?: boolean; record?: 'free' | 'approval'; startsAt?: number };
const begin = (entry: Entry, { approvalRequired = false, record = 'free', startsAt = now + 24 * HOUR }: Circumstances = {}) =>
  beginningOf(entry, { ...settings, approvalRequired }, record, startsAt, now);

describe('the beginning of an appointment', () => {
  it('a booking, where nobody need agree, is confirmed at once', () => {
    expect(begin({ kind: 'book', by: 'customer' })).to.deep.equal({ status: 'confirmed', decideBy: null });
  });

  it("a booking, where the shop or the customer's record asks for it, waits for approval until the limit, and no longer than its start", () => {
    const waiting = { status: 'pending_approval', decideBy: now + 120 * MINUTE };

    expect(begin({ kind: 'book', by: 'customer' }, { approvalRequired: true })).to.deep.equal(waiting);
    expect(begin({ kind: 'book', by: 'customer' }, { record: 'approval' })).to.deep.equal(waiting);
    expect(begin({ kind: 'book', by: 'customer' }, { record: 'approval', startsAt: now + HOUR }).decideBy).to.equal(now + HOUR);
  });

  it('a booking by staff, whatever the rules ask of customers, is confirmed', () => {
    expect(begin({ kind: 'book', by: 'staff' }, { approvalRequired: true, record: 'approval' }).status).to.equal('confirmed');
  });

  it('a hold and an offer, without or with a wish for how long, are held that long, and never longer than the shop allows', () => {
    expect(begin({ kind: 'hold', by: 'customer' })).to.deep.equal({ status: 'held', decideBy: now + 300_000 });
    expect(begin({ kind: 'hold', by: 'customer', holdSeconds: 60 }).decideBy).to.equal(now + 60_000);
    expect(begin({ kind: 'hold', by: 'customer', holdSeconds: 3600 }).decideBy).to.equal(now + 300_000);
    expect(begin({ kind: 'offer', by: 'timer' }).decideBy).to.equal(now + 20 * MINUTE);
  });

  it('somebody who walks in, is checked in', () => {
    expect(begin({ kind: 'walk_in', by: 'staff' }, { approvalRequired: true })).to.deep.equal({ status: 'checked_in', decideBy: null });
  });
});
