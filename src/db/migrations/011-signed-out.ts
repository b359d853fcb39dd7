import { Migration } from '@mikro-orm/migrations';

/**
 * Every sweep looks for what a dead sign-in has touched: nothing on most days, among all that was ever sent. Which shop has heard of it, and
 * when, is the shop's own; by its messages it was forgotten with them. Their column told_at stays for programs of before.
 */
export class Migration011SignedOut extends Migration {
  override up(): void {
    this.addSql(`create index delivery_signed_out on delivery (channel, state) where error_class = 'sign_in'`);
    this.addSql(`create table shop_told (
      shop_id uuid not null,
      network_id uuid not null references network (id),
      channel text not null,
      told_at timestamptz not null default now(),
      primary key (shop_id, channel),
      foreign key (shop_id, network_id) references shop (id, network_id)
    )`);
  }
}
