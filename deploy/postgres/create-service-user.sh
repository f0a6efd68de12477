#!/bin/sh
# Runs once, when the database is made: the login of the service's own connections, which owns nothing. What it may do is
# granted by the migrations.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --set password="$POSTGRES_SERVICE_PASSWORD" <<'SQL'
create role assay_app login password :'password';
SQL
