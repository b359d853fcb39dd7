/** The yardstick: the smallest durable booking that Temporal allows, an Update-with-Start whose local activity does one UPDATE. */
import { allHandlersFinished, condition, defineUpdate, proxyLocalActivities, setHandler } from '@temporalio/workflow';

const { updateRow } = proxyLocalActivities<{ updateRow: (id: number) => Promise<number> }>({ startToCloseTimeout: '5s' });

export const bookUpdate = defineUpdate<number>('book');

export async function bare(id: number): Promise<void> {
  let done: number | undefined;
  setHandler(bookUpdate, async () => {
    await condition(() => done !== undefined);
    return done!;
  });
  done = await updateRow(id);
  await condition(allHandlersFinished);
}
