import { SetMetadata } from '@nestjs/common';

/** What a caller may be; `admin` may do all of it. */
export const ROLES = ['attester', 'gate', 'auditor', 'policy-admin', 'trust-admin', 'break-glass', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Metadata keys under which a guard finds what a route asks for. */
export const REQUIRED_ROLES = 'assay:required-roles';
export const PUBLIC_ROUTE = 'assay:public-route';

/** Lets callers through that have at least one of the roles; `admin` always has. */
export const RequireRoles = (...roles: readonly Role[]): MethodDecorator & ClassDecorator =>
  SetMetadata(REQUIRED_ROLES, roles);

/** Lets everybody through, without credentials. A route that says neither is refused. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(PUBLIC_ROUTE, true);
