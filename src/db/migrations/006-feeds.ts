import { Migration } from '@mikro-orm/migrations';

/** Calendars that barbers and shops subscribe to. */
export class Migration006Feeds extends Migration {
  override up(): void {
    // Only the hash of a feed's token is kept. Whoever has the token needs no key, so the network is found by it and not asked for.
    this.addSql(`create table feed (
      id uuid primary key,
      network_id uuid not null,
      barber_id uuid,
      shop_id uuid,
      privacy text not null,
      name text not null default '',
      token_hash text not null unique,
      created_at timestamptz not null default now(),
      revoked_at timestamptz,
      last_read_at timestamptz,
      reads integer not null default 0,
      foreign key (network_id, barber_id) references barber (network_id, id),
      foreign key (network_id, shop_id) references shop (network_id, id),
      constraint feed_is_of_a_barber_or_a_shop check ((barber_id is null) <> (shop_id is null)),
      constraint feed_privacy_is_known check (privacy in ('busy', 'service', 'full')),
      constraint feed_read_has_an_instant check ((reads = 0) = (last_read_at is null))
    )`);
    // Asking twice for the same makes one.
    this.addSql(`create unique index feed_is_made_once on feed (coalesce(barber_id, shop_id), privacy, name) where revoked_at is null`);
  }
}
