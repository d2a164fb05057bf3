/** What a key may be narrowed to, in DigitalOcean's words; every dialect heeds them. A key without scopes has all of its role. */
export const SCOPES = [
  'database:read',
  'database:create',
  'database:update',
  'database:delete',
  'database:view_credentials',
  'tag:read',
  'tag:create',
  'tag:delete',
  'project:read',
  'vpc:read',
  'account:read',
  'rolecall:register',
] as const
export type Scope = (typeof SCOPES)[number]
