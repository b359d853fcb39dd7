import { Migration } from '@mikro-orm/migrations';

/** By what providers tell us that a calendar has changed. */
export class Migration007CalendarChannels extends Migration {
  override up(): void {
    // Written before the provider is asked, since it may call before it answers. Only the hash of what a call must know is kept.
    this.addSql(`create table calendar_channel (
      id uuid primary key,
      connection_id uuid not null references calendar_connection,
      secret_hash text not null,
      remote_id text,
      begun_at timestamptz not null default now(),
      expires_at timestamptz,
      renew_at timestamptz,
      heard_at timestamptz,
      constraint open_channel_has_an_end check ((remote_id is null) = (expires_at is null) and (remote_id is null) = (renew_at is null))
    )`);
    this.addSql('create index calendar_channel_by_connection on calendar_channel (connection_id)');
  }
}
