/**
 * Every error code of this API that Rolecall answers with: its status, and its words. `{0}` stands for the first of `parameters`, `{*}` for all.
 * The details never hold the digits of a status: Terraform's provider repeats for ten minutes whatever has "500" or "404" in its text.
 */
export const CODES = {
  // Who asks
  IP_ADDRESS_NOT_ON_ACCESS_LIST: [403, 'IP address {0} is not allowed to access this resource.'],
  ORG_REQUIRES_ACCESS_LIST: [403, 'This organization requires access through an access list of IP ranges.'],
  USER_UNAUTHORIZED: [401, 'Current user is not authorized to perform this action.'],
  NOT_IN_GROUP: [401, 'The current user is not in the group, or the group does not exist.'],
  ACCESS_FORBIDDEN: [403, 'This resource is not open to that.'],
  RATE_LIMITED: [429, 'Resource {0} is limited to {1} requests every {2} seconds.'],
  RATE_LIMITED_TOKEN_BUCKET: [
    429,
    'Rate limit exceeded for {0}. Try again in {1} seconds. The bucket holds {2} and is refilled by {3} every {4} seconds.',
  ],

  // The request itself
  RESOURCE_NOT_FOUND: [404, 'Cannot find resource {0}.'],
  METHOD_NOT_ALLOWED: [405, 'The method {0} is not allowed for this resource.'],
  INVALID_VERSION_DATE: [406, 'Invalid accept version date, or none: ask for application/vnd.atlas.2023-01-01+json.'],
  VERSION_GONE: [410, 'This version of the resource was withdrawn.'],
  INVALID_PATH_PARAMETER: [400, 'An invalid path parameter {0} was specified.'],
  INVALID_QUERY_PARAMETER: [400, 'An invalid query parameter {0} was specified.'],
  MALFORMED_JSON: [400, 'Received JSON is malformed.'],
  INVALID_JSON: [400, 'Received JSON is invalid: an object or an array is expected.'],
  INVALID_JSON_ATTRIBUTE: [400, 'Received JSON for the {0} attribute does not match expected format.'],
  INVALID_ATTRIBUTE: [400, 'Invalid attribute {0} specified.'],
  MISSING_ATTRIBUTE: [400, 'The required attribute {0} was not specified.'],
  MISSING_ATTRIBUTES: [400, 'The required attributes {*} were not specified.'],
  INVALID_ENUM_VALUE: [400, 'An invalid enumeration value {0} was specified for {1}.'],
  VALIDATION_ERROR: [400, 'Input validation failed.'],
  PAYLOAD_TOO_LARGE: [413, 'The body is larger than this server takes.'],

  // Projects, clusters, and what belongs to them
  INVALID_GROUP_ID: [404, 'An invalid group ID {0} was specified.'],
  GROUP_MISMATCH: [400, 'The group of the body is not that of the path.'],
  GROUP_NOT_FOUND: [404, 'No group with ID {0} exists.'],
  GROUP_NAME_NOT_FOUND: [404, 'No group with name {0} exists.'],
  GROUP_ALREADY_EXISTS: [409, 'A group with name {0} already exists.'],
  CANNOT_CLOSE_GROUP_ACTIVE_ATLAS_CLUSTERS: [
    409,
    'There are active clusters in this group. Terminate all clusters before closing it.',
  ],
  INVALID_ORG_ID: [404, 'An invalid organization ID {0} was specified.'],
  ORG_NOT_FOUND: [404, 'No organization with ID {0} exists.'],
  CLUSTER_NOT_FOUND: [404, 'No cluster named {0} exists in group {1}.'],
  ATLAS_NETWORK_PERMISSION_ENTRY_NOT_FOUND: [404, 'IP address {0} is not on the access list of group {1}.'],
  INVALID_IP_ADDRESS_OR_CIDR_NOTATION: [
    400,
    'The address {0} is neither an IP address nor a network in CIDR notation.',
  ],
  IP_ADDRESS_NOT_FOUND: [404, 'IP address {0} is not on the access list of API key {1}.'],
  API_KEY_NOT_FOUND: [404, 'No API key with ID {0} exists.'],
  SERVICE_ACCOUNT_NOT_FOUND: [404, 'No service account {0} exists.'],
  SERVICE_ACCOUNT_SECRET_NOT_FOUND: [404, 'No secret {0} of this service account exists.'],
  CANNOT_DELETE_LAST_SERVICE_ACCOUNT_SECRET: [409, 'The last secret of a service account stays.'],

  // Database users
  USERNAME_NOT_FOUND: [404, 'No user with username {0} exists.'],
  USER_NOT_FOUND: [404, 'No user with username {0} exists.'],
  USER_ALREADY_EXISTS: [409, 'The specified user {0} already exists.'],
  DATABASE_USERNAME_CANNOT_BE_CHANGED: [409, 'The username of a database user cannot be changed.'],
  DATABASE_NAME_CANNOT_BE_CHANGED: [409, 'The authentication database of a database user cannot be changed.'],
  AUTH_TYPE_CANNOT_BE_CHANGED: [409, 'The authentication type of a database user cannot be changed.'],
  ATLAS_INVALID_USERNAME: [400, 'The specified username {0} is not valid.'],
  BLOCKED_USERNAME: [400, 'The specified username {0} is reserved.'],
  ATLAS_INVALID_LDAP_NAME: [400, 'The specified username {0} is not a distinguished name as RFC 2253 has them.'],
  ATLAS_INVALID_DN_METACHARACTERS: [400, 'The distinguished name {0} has characters that must be escaped.'],
  ATLAS_MANAGED_X509_NAME_INVALID: [400, 'The name {0} is not one that a managed certificate can have.'],
  ATLAS_INVALID_AUTH_SETTINGS: [400, 'Invalid authentication settings: {0}.'],
  ATLAS_X509_USER_CANNOT_USE_SCRAM: [400, 'A user with a certificate has no password.'],
  ATLAS_X509_USER_CANNOT_USE_LDAP: [400, 'A user with a certificate cannot use LDAP.'],
  ATLAS_X509_USER_CANNOT_BE_TEMPORARY: [400, 'A user with a certificate cannot be temporary.'],
  DATABASE_NAME_INVALID_ADMIN: [400, 'The authentication database of the user {0} must be admin.'],
  DATABASE_NAME_INVALID_EXTERNAL: [400, 'The authentication database of the user {0} must be $external.'],
  INVALID_DATE_FORMAT: [400, 'The date {0} is not one as ISO 8601 has them.'],
  EXPIRATION_DATE_IN_PAST: [400, 'The expiration date is in the past.'],
  EXPIRATION_DATE_EXCEEDS_MAX: [400, 'The expiration date must be within {0} days.'],
  ALREADY_EXPIRED: [400, 'The user has expired already.'],
  PERMANENT_ENTITY_CANNOT_BE_MADE_TEMPORARY: [400, 'A permanent user cannot be made temporary.'],
  WEAK_PASSWORD: [400, 'The password is too short or too simple.'],
  COMMON_PASSWORD: [400, 'The password is on a list of common passwords.'],
  GROUP_USERS_LIMIT_EXCEEDED: [403, 'A group may have {0} database users at most.'],

  // Roles
  ATLAS_INVALID_ROLE: [400, 'The role {0} is not one that can be granted on {1}.'],
  ATLAS_INVALID_ROLE_DATABASE: [400, 'The role {0} cannot be granted on {1}.'],
  UNSUPPORTED_ROLE: [400, 'The custom role {0} can be granted on admin alone.'],
  ATLAS_RESTRICTED_ROLE: [400, 'The role {0} is never granted.'],
  ATLAS_RESTRICTED_COLLECTION: [400, 'The role {0} takes no collection.'],
  DUPLICATE_DATABASE_ROLES: [400, 'The same role was specified twice.'],
  INVALID_DATABASE_NAME: [400, 'The database name {0} is not valid.'],
  COLLECTION_ROLES_LIMIT_EXCEEDED: [403, 'There may be {0} roles on collections at most.'],
  CUSTOM_ROLES_LIMIT_EXCEEDED: [403, 'There may be {0} custom roles at most.'],
  ATLAS_CUSTOM_ROLE_NOT_FOUND: [404, 'The custom role {0} does not exist.'],
  ATLAS_CUSTOM_ROLE_NAME_ALREADY_EXISTS: [409, 'A custom role named {0} already exists.'],
  ATLAS_CUSTOM_ROLE_IN_USE_BY_USERS: [409, 'The custom role {0} is in use by users.'],
  ATLAS_CUSTOM_ROLE_IN_USE_BY_ROLES: [409, 'The custom role {0} is in use by other custom roles.'],
  ATLAS_RESERVED_CUSTOM_ROLE_RESTRICTED: [400, 'Names of custom roles do not begin with xgen-: {0}.'],
  ATLAS_DUPLICATE_CUSTOM_ROLE_ACTION: [400, 'The action {0} was specified twice.'],
  ATLAS_INVALID_RESOURCE: [400, 'A resource is either the cluster, or a database and a collection.'],
  ATLAS_INVALID_CUSTOM_ROLE_INHERITANCE: [400, 'The inherited role {0} on {1} does not exist.'],
  ATLAS_CUSTOM_ROLE_CIRCULAR_DEPENDENCY: [400, 'The custom role {0} would inherit from itself by way of others.'],
  ATLAS_CUSTOM_ROLE_SELF_REFERENTIAL: [400, 'The custom role {0} cannot inherit from itself.'],
  ATLAS_CUSTOM_ROLE_HAS_NO_PERMISSIONS: [400, 'A custom role needs an action or an inherited role.'],

  // Certificates
  CERT_EXPIRY_CANNOT_EXCEED_TWO_YEARS: [400, 'A certificate lasts for 24 months at most.'],
  USER_NOT_MANAGED_X509: [400, 'The user {0} has no managed certificates.'],
  FEATURE_UNSUPPORTED: [400, 'This is not offered here: {0}.'],

  // What went wrong here
  CONFLICT: [409, 'Another change of the same thing is under way.'],
  SERVICE_UNAVAILABLE: [503, 'The service is not available at the moment.'],
  UNEXPECTED_ERROR: [500, 'Unexpected error.'],
} as const satisfies Record<string, readonly [number, string]>

export type AtlasCode = keyof typeof CODES
