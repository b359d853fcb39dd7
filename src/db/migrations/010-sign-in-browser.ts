import { Migration } from '@mikro-orm/migrations';

/** A sign-in is finished only in the browser in which its owner began it: else anybody could send him the provider's page alone. */
export class Migration010SignInBrowser extends Migration {
  override up(): void {
    this.addSql(`alter table calendar_authorization add column browser_hash text`);
  }
}
