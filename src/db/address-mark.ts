/** What is known of an address itself, whoever wrote to it: kept as a keyed hash, so that the table tells nobody's address. */
import { createHmac } from 'node:crypto';
import type { Channel } from '../domain/channel.ts';
import type { Orm } from './orm.ts';

/** `bounced`: nobody has this address; `opted_out`: its owner wants no messages. */
export type Mark = 'bounced' | 'opted_out';

export type AddressMarks = {
  find: (channel: Channel, address: string) => Promise<Mark | null>;
  /** Repeating changes nothing. A bounce does not hide an opt-out. */
  set: (channel: Channel, address: string, mark: Mark) => Promise<void>;
  /** The owner wants messages again, or the address works again. */
  clear: (channel: Channel, address: string) => Promise<void>;
};

export function createAddressMarks(orm: Orm, secret: string): AddressMarks {
  // Upper and lower case of a mail address reach one mailbox practically everywhere.
  const hashOf = (channel: Channel, address: string): string =>
    createHmac('sha256', secret).update(`address ${channel} ${address.toLowerCase()}`).digest('base64url');
  return {
    find: async (channel, address) => {
      const [row] = await orm.em
        .fork()
        .execute<{ mark: Mark }[]>('select mark from address_mark where channel = ? and address_hash = ?', [
          channel,
          hashOf(channel, address),
        ]);
      return row?.mark ?? null;
    },
    set: async (channel, address, mark) => {
      await orm.em.fork().execute(
        `insert into address_mark (channel, address_hash, mark)
         values (?, ?, ?)
         on conflict (channel, address_hash)
           do update set mark = excluded.mark, since = now() where address_mark.mark = 'bounced'`,
        [channel, hashOf(channel, address), mark],
      );
    },
    clear: async (channel, address) => {
      await orm.em.fork().execute('delete from address_mark where channel = ? and address_hash = ?', [channel, hashOf(channel, address)]);
    },
  };
}
