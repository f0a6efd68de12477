import pg from 'pg';
import { SERVICE_ROLE } from './database.js';

/**
 * The user as whom the service logs in to an embedded database. It owns nothing and has the service's grants alone, so no
 * statement leads from a connection of the service to the owner.
 */
export const SERVICE_LOGIN = 'assay_app';

const HARMLESS = 'login nosuperuser nocreatedb nocreaterole noreplication nobypassrls';

/**
 * Makes the login in a database that has none, as those of earlier releases, and takes every other role and power from it. It is
 * let into the service's role where that has been made; otherwise the migrations do so when they make it.
 */
export async function makeServiceLogin(ownerUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'assay-migrate' });
  // The failure of a lost connection is thrown by the next statement on it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(`
      do $$ declare other name; begin
        if not exists (select from pg_roles where rolname = '${SERVICE_LOGIN}') then
          create role ${SERVICE_LOGIN};
        end if;
        alter role ${SERVICE_LOGIN} ${HARMLESS};
        for other in select r.rolname from pg_auth_members m join pg_roles r on r.oid = m.roleid
          where m.member = '${SERVICE_LOGIN}'::regrole and r.rolname <> '${SERVICE_ROLE}' loop
          execute format('revoke %I from ${SERVICE_LOGIN}', other);
        end loop;
        if exists (select from pg_roles where rolname = '${SERVICE_ROLE}')
          and not pg_has_role('${SERVICE_LOGIN}', '${SERVICE_ROLE}', 'member') then
          grant ${SERVICE_ROLE} to ${SERVICE_LOGIN};
        end if;
      end $$`);
  } finally {
    await client.end();
  }
}
