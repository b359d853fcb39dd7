/** What a command is. */
import { findNetworkBySlug, type NetworkView } from '../db/network.ts';
import type { EntityManager } from '../db/orm.ts';

/** `result` goes to stdout, so that a script can keep it; `remark` goes to stderr. An exit code other than 0 is an answer, not a fault. */
export type Said = { result: string; remark?: string; exitCode?: number };
/** Options are read before the database is opened: a faulty request is told even while it is away. */
export type Command = (args: string[], now: number) => (em: EntityManager) => Promise<Said>;

export async function requireNetwork(em: EntityManager, slug: string): Promise<NetworkView> {
  const network = await findNetworkBySlug(em, slug);
  if (!network) throw new Error(`There is no network "${slug}".`);
  return network;
}
