/** Signs of life of what may take long: an attempt whose worker died is noticed soon, and not only when its time is over. */
import { heartbeat } from '@temporalio/activity';

/** Well within `heartbeatSeconds` of workflows/effects.ts and of workflows/calendar-mirror.ts. */
const heartbeatMs = 3000;

export async function withHeartbeat<T>(act: () => Promise<T>): Promise<T> {
  const beat = setInterval(heartbeat, heartbeatMs);
  try {
    return await act();
  } finally {
    clearInterval(beat);
  }
}
