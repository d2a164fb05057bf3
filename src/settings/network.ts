import { Type } from 'typebox'
import { list, networks } from './values.ts'

/** Which addresses database servers may have. */
export const NetworkSettings = Type.Object({
  allow: list(
    'networks that database servers may be in although refused by default (loopback, link-local, metadata), and single endpoints',
    'reach',
    'networks such as 10.0.0.0/8 or 2001:db8::/32, or endpoints such as 127.0.0.1:5432 or [::1]:5432',
  ),
  deny: networks('networks that are never connected to'),
  private: Type.Boolean({
    description: 'may database servers be in private networks that network.allow does not name',
    default: true,
    right: 'true or false',
  }),
  hosts: list(
    'names and addresses of database servers; where there are any, no others are connected to',
    'hosts',
    'names such as db.example.com or *.db.example.com',
  ),
  denyHosts: list('names and addresses that are never connected to', 'hosts', 'names such as *.internal.example.com'),
  ports: list(
    'ports that database servers may have, for all engines or for one; where there are any, no others are connected to',
    'ports',
    'ports such as 5432, 5430-5439 or postgresql:5432',
  ),
})
