/** What has outlived its use. Keys are honoured for 7 days; the rows stay until Temporal has forgotten the workflow too (30 days). */
import { purgeContact } from './booking-request.ts';
import { forgetSecrets } from './calendar-visit.ts';
import type { EntityManager } from './orm.ts';

export async function deleteOutlived(em: EntityManager): Promise<{ requests: number; contacts: number }> {
  // A request that nobody decided for a day never reached a workflow, or its workflow will find this decision.
  await em.execute(
    `update booking_request
     set outcome = '{"ok": false, "code": "undecided", "nearest": []}', decided_at = now()
     where outcome is null and created_at < now() - interval '1 day'`,
  );
  const refused = await em.execute<{ id: string; network_id: string }[]>(
    `select c.id, c.network_id
     from contact c
     join booking_request r on r.id = c.id
     where r.outcome->>'ok' = 'false' and r.decided_at < now() - interval '1 day'
     limit 10000`,
  );
  for (const { id, network_id } of refused) await purgeContact(em, network_id, id);
  await forgetSecrets(em);
  await em.execute(`delete from kept_answer where began_at < now() - interval '7 days'`);
  const requests = await em.execute<{ id: string }[]>(
    `delete from booking_request where created_at < now() - interval '40 days' returning id`,
  );
  return { requests: requests.length, contacts: refused.length };
}
