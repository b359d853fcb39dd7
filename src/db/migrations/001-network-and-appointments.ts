import { Migration } from '@mikro-orm/migrations';

/** The first schema. Each constraint says which mistake it prevents. */
export class Migration001NetworkAndAppointments extends Migration {
  override up(): void {
    this.addSql(`create extension if not exists btree_gist`);

    this.addSql(`create table network (
      id uuid primary key,
      slug text not null unique,
      name text not null,
      settings jsonb not null default '{}'
    )`);

    // (network_id, id) is unique everywhere so that foreign keys carry the network: a row can never point into another one's.
    this.addSql(`create table shop (
      id uuid primary key,
      network_id uuid not null references network,
      slug text not null,
      name text not null,
      address text not null,
      phone text,
      email text,
      time_zone text not null,
      locale text not null,
      settings jsonb not null default '{}',
      opening_hours jsonb not null default '[]',
      archived_at timestamptz,
      version integer not null default 1,
      unique (network_id, id),
      unique (network_id, slug)
    )`);

    this.addSql(`create table shop_closure (
      id uuid primary key,
      network_id uuid not null,
      shop_id uuid not null,
      from_date date not null,
      to_date date not null,
      reason text not null default '',
      foreign key (network_id, shop_id) references shop (network_id, id),
      constraint closure_ends_after_it_begins check (to_date >= from_date)
    )`);
    this.addSql(`create index shop_closure_by_shop on shop_closure (shop_id, to_date)`);

    this.addSql(`create table service (
      id uuid primary key,
      network_id uuid not null references network,
      name text not null,
      duration_minutes integer not null,
      buffer_before_minutes integer not null default 0,
      buffer_after_minutes integer not null default 0,
      price_cents integer not null,
      currency text not null,
      settings jsonb not null default '{}',
      archived_at timestamptz,
      version integer not null default 1,
      unique (network_id, id),
      constraint service_lasts_up_to_a_day check (duration_minutes between 1 and 1440),
      constraint buffers_are_not_negative check (buffer_before_minutes >= 0 and buffer_after_minutes >= 0),
      constraint price_is_not_negative check (price_cents >= 0)
    )`);

    this.addSql(`create table barber (
      id uuid primary key,
      network_id uuid not null references network,
      name text not null,
      email text,
      locale text not null,
      settings jsonb not null default '{}',
      archived_at timestamptz,
      version integer not null default 1,
      unique (network_id, id)
    )`);

    this.addSql(`create table assignment (
      id uuid primary key,
      network_id uuid not null,
      barber_id uuid not null,
      shop_id uuid not null,
      hours jsonb not null default '[]',
      breaks jsonb not null default '[]',
      version integer not null default 1,
      foreign key (network_id, barber_id) references barber (network_id, id),
      foreign key (network_id, shop_id) references shop (network_id, id),
      unique (shop_id, barber_id)
    )`);
    this.addSql(`create index assignment_by_barber on assignment (barber_id)`);

    this.addSql(`create table time_off (
      id uuid primary key,
      network_id uuid not null,
      barber_id uuid not null,
      starts_at timestamptz not null,
      ends_at timestamptz not null,
      reason text not null default '',
      foreign key (network_id, barber_id) references barber (network_id, id),
      constraint time_off_ends_after_it_starts check (ends_at > starts_at)
    )`);
    this.addSql(`create index time_off_by_barber on time_off (barber_id, ends_at)`);

    // A barber without a diary could not be booked under the optimistic lock, so the database makes one for each.
    this.addSql(`create table diary (
      barber_id uuid primary key,
      network_id uuid not null,
      foreign key (network_id, barber_id) references barber (network_id, id),
      bumped_at timestamptz not null default now(),
      version integer not null default 1
    )`);
    this.addSql(`create function open_diary() returns trigger language plpgsql as $$
      begin insert into diary (barber_id, network_id) values (new.id, new.network_id); return new; end $$`);
    this.addSql(`create trigger barber_has_a_diary after insert on barber for each row execute function open_diary()`);

    this.addSql(`create table api_client (
      id uuid primary key,
      network_id uuid not null references network,
      name text not null,
      created_at timestamptz not null default now(),
      unique (network_id, id),
      unique (network_id, name)
    )`);
    this.addSql(`create table api_key (
      id uuid primary key,
      network_id uuid not null,
      api_client_id uuid not null,
      secret_hash text not null,
      scopes text[] not null,
      created_at timestamptz not null default now(),
      expires_at timestamptz,
      revoked_at timestamptz,
      last_used_at timestamptz,
      foreign key (network_id, api_client_id) references api_client (network_id, id),
      constraint scopes_are_known check (scopes <@ array['book', 'manage', 'ops'])
    )`);

    this.addSql(`create table customer (
      id uuid primary key,
      network_id uuid not null references network,
      created_at timestamptz not null default now(),
      unique (network_id, id)
    )`);
    this.addSql(`create table contact (
      id uuid primary key,
      network_id uuid not null,
      customer_id uuid not null,
      name text not null,
      email text not null,
      phone text,
      time_zone text not null,
      locale text not null,
      created_at timestamptz not null default now(),
      foreign key (network_id, customer_id) references customer (network_id, id)
    )`);
    this.addSql(`create index contact_by_phone on contact (network_id, phone) where phone is not null`);
    this.addSql(`create index contact_by_email on contact (network_id, lower(email))`);
    this.addSql(`create index contact_by_customer on contact (customer_id)`);

    // Who is asking? The customer whom the network knows by this phone, else by this e-mail, else a new one. Two first bookings of one
    // person at the same moment wait for each other here; both locks are always taken in the same order.
    this.addSql(`create function meet_customer(network uuid, given_phone text, given_email text, newcomer uuid) returns uuid
      language plpgsql as $$
      declare found_id uuid; handle text;
      begin
        for handle in select h from unnest(array[given_phone, given_email]) h where h is not null order by h loop
          perform pg_advisory_xact_lock(hashtextextended(network || ' ' || handle, 0));
        end loop;
        select customer_id into found_id from contact where network_id = network and phone = given_phone limit 1;
        if found_id is null then
          select customer_id into found_id from contact where network_id = network and lower(email) = given_email limit 1;
        end if;
        if found_id is null then
          insert into customer (id, network_id) values (newcomer, network);
          found_id := newcomer;
        end if;
        -- Held until the contact points at it, so that a purge of their last contact cannot come between.
        perform from customer where id = found_id for key share;
        return found_id;
      end $$`);

    this.addSql(`create table booking_request (
      id uuid primary key,
      network_id uuid not null,
      api_client_id uuid not null,
      fingerprint text not null,
      shop_id uuid not null,
      service_id uuid not null,
      barber_id uuid,
      starts_at timestamptz not null,
      customer_id uuid,
      customer_time_zone text not null,
      created_at timestamptz not null default now(),
      told_pending_at timestamptz,
      outcome jsonb,
      decided_at timestamptz,
      foreign key (network_id, api_client_id) references api_client (network_id, id),
      constraint decided_has_an_outcome check ((outcome is null) = (decided_at is null))
    )`);
    this.addSql(`create index booking_request_by_age on booking_request (created_at)`);

    this.addSql(`create table appointment (
      id uuid primary key,
      network_id uuid not null,
      shop_id uuid not null,
      service_id uuid not null,
      barber_id uuid not null,
      customer_id uuid not null,
      api_client_id uuid not null,
      status text not null,
      starts_at timestamptz not null,
      ends_at timestamptz not null,
      shop_time_zone text not null,
      customer_time_zone text not null,
      price_cents integer not null,
      currency text not null,
      created_at timestamptz not null default now(),
      version integer not null default 1,
      foreign key (network_id, shop_id) references shop (network_id, id),
      foreign key (network_id, service_id) references service (network_id, id),
      foreign key (network_id, barber_id) references barber (network_id, id),
      foreign key (network_id, customer_id) references customer (network_id, id),
      constraint status_is_legal check (status in ('confirmed', 'cancelled')),
      constraint appointment_ends_after_it_starts check (ends_at > starts_at)
    )`);
    this.addSql(`create index appointment_by_shop on appointment (shop_id, starts_at, id)`);
    this.addSql(`create index appointment_by_barber on appointment (barber_id, starts_at, id)`);
    this.addSql(`create index appointment_by_network on appointment (network_id, starts_at, id)`);

    // The law: two rows of one barber can never overlap. No nullable column and no condition, so nothing escapes it.
    this.addSql(`create table occupancy (
      id uuid primary key,
      network_id uuid not null,
      barber_id uuid not null references barber,
      appointment_id uuid not null references appointment,
      during tstzrange not null,
      constraint occupancy_is_bounded check (not isempty(during) and lower(during) is not null and upper(during) is not null
        and not lower_inf(during) and not upper_inf(during)),
      constraint nobody_is_double_booked exclude using gist (barber_id with =, during with &&)
    )`);
    this.addSql(`create index occupancy_by_appointment on occupancy (appointment_id)`);

    this.addSql(`create table appointment_event (
      id uuid primary key,
      network_id uuid not null,
      appointment_id uuid not null references appointment,
      kind text not null,
      actor text not null,
      version integer not null,
      happened_at timestamptz not null default now(),
      unique (appointment_id, version)
    )`);
    this.addSql(`create function refuse_change() returns trigger language plpgsql as $$
      begin raise exception '% is append-only', tg_table_name; end $$`);
    this.addSql(`create trigger appointment_event_is_append_only before update or delete on appointment_event
      for each row execute function refuse_change()`);

    // No foreign key on appointment_id: a refusal that must be mailed has a delivery and no appointment.
    this.addSql(`create table delivery (
      id uuid primary key,
      network_id uuid not null references network,
      appointment_id uuid not null,
      kind text not null,
      sequence integer not null,
      state text not null,
      due_at timestamptz not null,
      useful_until timestamptz not null,
      attempts integer not null default 0,
      first_tried_at timestamptz,
      finished_at timestamptz,
      provider_id text,
      error_class text,
      error_text text,
      created_at timestamptz not null default now(),
      constraint delivery_state_is_legal check (state in ('due', 'in_flight', 'delivered', 'parked', 'skipped')),
      constraint finished_has_an_instant check ((state in ('due', 'in_flight')) = (finished_at is null))
    )`);
    this.addSql(`create index delivery_by_appointment on delivery (appointment_id)`);
    this.addSql(`create index delivery_parked on delivery (network_id, finished_at) where state = 'parked'`);
  }
}
