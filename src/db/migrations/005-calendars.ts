import { Migration } from '@mikro-orm/migrations';

/** Barbers' own calendars: which they are, what we have put into them, and when they keep their owners busy. */
export class Migration005Calendars extends Migration {
  override up(): void {
    // `secrets` is sealed (src/integrations/sealing.ts). `account` is what its owner calls it: a user name or an address.
    this.addSql(`create table calendar_connection (
      id uuid primary key,
      network_id uuid not null,
      barber_id uuid not null,
      provider text not null,
      account text not null,
      calendar_id text not null,
      calendar_name text not null default '',
      time_zone text not null,
      privacy text not null default 'full',
      writes boolean not null default true,
      reads boolean not null default true,
      secrets text,
      state text not null default 'connected',
      sync_token text,
      synced_at timestamptz,
      whole_at timestamptz,
      error_class text,
      error_text text,
      signed_out_at timestamptz,
      told_at timestamptz,
      created_at timestamptz not null default now(),
      ended_at timestamptz,
      version integer not null default 1,
      unique (network_id, id),
      foreign key (network_id, barber_id) references barber (network_id, id),
      constraint calendar_provider_is_known check (provider in ('google', 'graph', 'caldav')),
      constraint calendar_state_is_known check (state in ('connected', 'signed_out', 'ended')),
      constraint calendar_privacy_is_known check (privacy in ('busy', 'service', 'full')),
      constraint ended_calendar_has_an_instant check ((state = 'ended') = (ended_at is not null))
    )`);
    this.addSql(
      `create unique index calendar_is_connected_once on calendar_connection (barber_id, provider, calendar_id) where state <> 'ended'`,
    );
    this.addSql(`create index calendar_connection_by_network on calendar_connection (network_id, barber_id)`);

    // Where a visit is in a calendar: written before and after each call, so that what was put there can be found again.
    this.addSql(`create table calendar_event (
      appointment_id uuid not null,
      connection_id uuid not null references calendar_connection,
      network_id uuid not null,
      uid text not null,
      remote_id text not null,
      etag text not null,
      written_at timestamptz not null,
      primary key (appointment_id, connection_id),
      foreign key (network_id, connection_id) references calendar_connection (network_id, id)
    )`);
    this.addSql(`create index calendar_event_by_connection on calendar_event (connection_id)`);

    // The mirror: one row for each object that keeps its owner busy. What it is about is not kept.
    this.addSql(`create table calendar_busy (
      connection_id uuid not null references calendar_connection,
      remote_id text not null,
      network_id uuid not null,
      barber_id uuid not null,
      etag text not null,
      during tstzmultirange not null,
      changed_at timestamptz not null default now(),
      primary key (connection_id, remote_id),
      foreign key (network_id, barber_id) references barber (network_id, id)
    )`);
    this.addSql(`create index calendar_busy_by_time on calendar_busy using gist (barber_id, during)`);

    // Sign-ins at Google or Microsoft that somebody has begun.
    this.addSql(`create table calendar_authorization (
      state_hash text primary key,
      network_id uuid not null,
      barber_id uuid not null,
      provider text not null,
      calendar_id text,
      wishes jsonb not null,
      verifier text not null,
      began_at timestamptz not null default now(),
      foreign key (network_id, barber_id) references barber (network_id, id),
      constraint authorization_provider_is_known check (provider in ('google', 'graph'))
    )`);

    // What a person should look at: something that was entered on top of a visit, or an entry of ours that somebody moved or deleted there.
    // Settled by a person, or by itself when it is no longer so.
    this.addSql(`create table calendar_conflict (
      id uuid primary key,
      network_id uuid not null,
      barber_id uuid not null,
      connection_id uuid not null references calendar_connection,
      appointment_id uuid not null,
      kind text not null,
      remote_id text not null,
      during tstzrange not null,
      found_at timestamptz not null default now(),
      settled_at timestamptz,
      settled_by text,
      unique (network_id, id),
      foreign key (network_id, barber_id) references barber (network_id, id),
      constraint conflict_kind_is_known check (kind in ('overlap', 'moved', 'deleted'))
    )`);
    this.addSql(
      `create unique index calendar_conflict_is_open_once on calendar_conflict (connection_id, kind, remote_id, appointment_id)
       where settled_at is null`,
    );
    this.addSql(`create index calendar_conflict_by_network on calendar_conflict (network_id, found_at, id) where settled_at is null`);

    this.addSql(`alter table delivery add column connection_id uuid references calendar_connection,
      drop constraint channels_are_known,
      add constraint channels_are_known check (channels <@ array['mail', 'sms', 'google', 'graph', 'caldav'] and cardinality(channels) > 0),
      add constraint calendars_have_a_connection check ((kind = 'calendar_barber') = (connection_id is not null))`);
    this.addSql(`create index delivery_by_connection on delivery (connection_id, appointment_id) where connection_id is not null`);
  }
}
