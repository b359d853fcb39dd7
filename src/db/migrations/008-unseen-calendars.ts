import { Migration } from '@mikro-orm/migrations';

/**
 * Visits that were booked while a barber's calendar had not been seen for too long: a person should look. And entries that no reading has
 * seen yet.
 */
export class Migration008UnseenCalendars extends Migration {
  override up(): void {
    this.addSql(
      `alter table calendar_conflict drop constraint conflict_kind_is_known,
       add constraint conflict_kind_is_known check (kind in ('overlap', 'moved', 'deleted', 'unseen'))`,
    );
    // The last reading that could tell how an entry of ours stands there.
    this.addSql('alter table calendar_event add column judged_at timestamptz');
  }
}
