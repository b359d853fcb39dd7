import { Migration } from '@mikro-orm/migrations';

/** What did not arrive waits for a person, like what could not be sent. */
export class Migration009Bounced extends Migration {
  override up(): void {
    this.addSql(`create index delivery_bounced on delivery (network_id, finished_at, id) where state = 'bounced'`);
  }
}
