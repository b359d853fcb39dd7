/** Seeded randomness for made-up data: the same seed gives the same file on every machine. */

export type Random = {
  /** A number from 0 up to, never reaching, 1. */
  next(): number;
  /** A whole number from 0 up to, never reaching, `below`. */
  below(below: number): number;
  /** One of the items, each as likely as its weight. */
  pick<T>(items: readonly T[], weight?: (item: T) => number): T;
};

/** The generator mulberry32: 32 bits of state, good enough to scatter sample data and short enough to read. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    below: (below) => Math.floor(next() * below),
    pick<T>(items: readonly T[], weight: (item: T) => number = () => 1): T {
      let rest = next() * items.reduce((sum, item) => sum + weight(item), 0);
      const found = items.find((item) => (rest -= weight(item)) < 0) ?? items.at(-1);
      if (found === undefined) throw new Error('There is nothing to pick from.');
      return found;
    },
  };
}
