/** What became of a day's bookings: which are cancelled, which moved (some twice, some before they are cancelled), who did not come. */
import type { Random } from './random.ts';
import type { WantedVisit } from './visits.ts';

/** Something that is asked once a booking stands; `of` is the booking's place in the file. A no-show is of a visit of its own. */
export type Sequel =
  | { action: 'cancel'; of: number }
  | { action: 'reschedule'; of: number; to: WantedVisit }
  | { action: 'no_show'; visit: WantedVisit };

/** How many bookings have which story. */
const stories = { cancelled: 149, moved: 79, movedTwice: 20, movedAndCancelled: 25, cancelledAndMoved: 6 };
const noShows = 90;

/**
 * All sequels, in the order in which they are asked: those of one booking stand in the order of its story, all stories mixed. `candidates` are
 * the bookings that something may become of; `another` is a second ordinary time of a visit.
 */
export function makeAftermath(random: Random, candidates: number[], visits: { of: (index: number) => WantedVisit; another: (visit: WantedVisit) => WantedVisit; past: () => WantedVisit }): Sequel[] {
  const left = [...candidates];
  const placed: { at: number; sequel: Sequel }[] = [];
  const cancel = (of: number): Sequel => ({ action: 'cancel', of });
  const move = (of: number): Sequel => ({ action: 'reschedule', of, to: visits.another(visits.of(of)) });

  function tell(times: number, ...steps: ((of: number) => Sequel)[]): void {
    for (let told = 0; told < times; told += 1) {
      const [of] = left.splice(random.below(left.length), 1);
      if (of === undefined) throw new Error('There are too few bookings that something could become of.');
      const moments = steps.map(() => random.next()).sort((a, b) => a - b);
      steps.forEach((step, index) => placed.push({ at: moments[index]!, sequel: step(of) }));
    }
  }

  tell(stories.cancelled, cancel);
  tell(stories.moved, move);
  tell(stories.movedTwice, move, move);
  tell(stories.movedAndCancelled, move, cancel);
  tell(stories.cancelledAndMoved, cancel, move);
  for (let told = 0; told < noShows; told += 1) placed.push({ at: random.next(), sequel: { action: 'no_show', visit: visits.past() } });
  return placed.sort((a, b) => a.at - b.at).map(({ sequel }) => sequel);
}
