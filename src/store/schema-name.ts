/** Where our tables live on PostgreSQL: named in every statement, because poolers between us and the server don't keep a search path. */
export const SCHEMA = 'rolecall'
