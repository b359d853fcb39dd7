#!/bin/sh
# Brings both databases of Temporal to the schema of this version of temporal-sql-tool. Repeating is harmless, so it runs on every `up`, and
# a new version of the server finds its schema ready. The connection comes from SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD.
set -eu

tool="${TEMPORAL_SQL_TOOL:-temporal-sql-tool}"

prepare() {
  "$tool" --database "$1" setup-schema --version 0.0
  "$tool" --database "$1" update-schema --schema-name "$2"
}

prepare temporal postgresql/v12/temporal
prepare temporal_visibility postgresql/v12/visibility
