/**
 * What mocha prints, plus the counts and the failures in the file that the runner names: a runner must not have to read a program's prose.
 */
import Mocha from 'mocha';
import { writeFileSync } from 'node:fs';

export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const file = process.env.TEST_COUNTS_FILE;
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      const named = this.failures.map((test) => `${test.fullTitle()}: ${(test.err?.message ?? 'no reason').split('\n')[0]?.slice(0, 300)}`);
      if (file !== undefined) writeFileSync(file, JSON.stringify({ passed: passes, failed: failures, skipped: pending, failures: named }));
    });
  }
}
