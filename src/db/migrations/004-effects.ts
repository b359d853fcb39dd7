import { Migration } from '@mikro-orm/migrations';

/** The machinery of effects: ways to go, leases of attempts, dead letters that a person hands over again, and marks on addresses. */
export class Migration004Effects extends Migration {
  override up(): void {
    this.addSql(`alter table delivery drop constraint delivery_state_is_legal,
      add constraint delivery_state_is_legal check (state in ('due', 'in_flight', 'delivered', 'bounced', 'parked', 'undone', 'skipped')),
      add column channels text[] not null default '{mail}',
      add column channel text not null default 'mail',
      add column next_try_at timestamptz,
      add column attempt_began_at timestamptz,
      add column attempt_by text,
      add column confirmed_at timestamptz,
      add column retries integer not null default 0,
      add column handover_since timestamptz,
      add column told_at timestamptz,
      add constraint goes_by_one_of_its_ways check (channel = any (channels)),
      add constraint channels_are_known check (channels <@ array['mail', 'sms'] and cardinality(channels) > 0)`);
    // Dead letters are read by age; what is late, by when it should have gone.
    this.addSql(`drop index delivery_parked`);
    this.addSql(`create index delivery_parked on delivery (network_id, finished_at, id) where state = 'parked'`);
    this.addSql(`create index delivery_by_due on delivery (due_at)`);
    this.addSql(`create index delivery_by_first_try on delivery (first_tried_at, due_at)`);
    this.addSql(`create index delivery_to_hand_over on delivery (handover_since) where handover_since is not null`);
    this.addSql(`create index delivery_by_provider_id on delivery (provider_id) where channel = 'sms' and provider_id is not null`);

    // What a person did about a dead letter; who, and why. Append-only, like an appointment's events.
    this.addSql(`create table delivery_event (
      id uuid primary key,
      network_id uuid not null references network,
      delivery_id uuid not null,
      kind text not null,
      actor text not null,
      reason text,
      happened_at timestamptz not null default now(),
      constraint delivery_event_kind_is_known check (kind in ('retried', 'skipped'))
    )`);
    this.addSql(`create index delivery_event_by_delivery on delivery_event (delivery_id, happened_at)`);

    // Of an address itself, whoever wrote to it, as a keyed hash: that it does not exist, or that its owner wants no messages.
    this.addSql(`create table address_mark (
      channel text not null,
      address_hash text not null,
      mark text not null,
      since timestamptz not null default now(),
      primary key (channel, address_hash),
      constraint mark_is_known check (mark in ('bounced', 'opted_out'))
    )`);
  }
}
