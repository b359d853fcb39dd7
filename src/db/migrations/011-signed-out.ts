import { Migration } from '@mikro-orm/migrations';

/** Every sweep looks for what a dead sign-in has touched: nothing on most days, among all that was ever sent. */
export class Migration011SignedOut extends Migration {
  override up(): void {
    this.addSql(`create index delivery_signed_out on delivery (channel, state) where error_class = 'sign_in'`);
  }
}
