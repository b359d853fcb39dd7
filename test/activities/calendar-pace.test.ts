/** Goal: what is asked of a provider leaves at even distances, and nobody waits who need not. Method: a clock of the test's own. */
import { expect } from 'chai';
import { createPace } from '../../src/integrations/calendar/pace.ts';

/** When each of so many callers, all there at once, has its turn. */
async function turnsOf(count: number, perSecond: number): Promise<number[]> {
  const turn = createPace(
    perSecond,
    () => 0,
    async (ms) => {
      waited = ms;
    },
  );
  let waited = 0;
  const turns: number[] = [];
  for (let index = 0; index < count; index += 1) {
    waited = 0;
    await turn();
    turns.push(waited);
  }
  return turns;
}

describe('the pace of requests', () => {
  it('a burst, asked for at once, never has more in any one second than are allowed, and takes little longer than it must', async () => {
    const turns = await turnsOf(100, 10);
    for (const from of turns) expect(turns.filter((at) => at >= from && at <= from + 1000).length).to.be.at.most(10);
    expect(turns.at(-1)).to.be.within(9900, 10_900);
  });

  it('a request after a while without any, goes at once, and what was not asked for is not made up for', async () => {
    let [now, waited] = [0, 0];
    const turn = createPace(
      10,
      () => now,
      async (ms) => {
        waited += ms;
      },
    );
    await turn();
    now = 60_000;
    await turn();
    expect(waited).to.equal(0);
    await turn();
    expect(waited).to.be.above(100);
  });
});
