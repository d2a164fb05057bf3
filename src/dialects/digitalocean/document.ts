import { type DialectDocument, KEY_AS_BEARER } from '../document.ts'

/** What `/openapi/digitalocean.json` says beyond the routes' own schemas. */
export const digitaloceanOpenApi: DialectDocument['openapi'] = {
  info: {
    title: 'DigitalOcean Managed Databases',
    version: '2.0.0',
    description:
      'Users and databases of your own servers, in the words of the DigitalOcean API, kept by this Rolecall.',
  },
  security: [{ bearer: [] }],
  components: { securitySchemes: { bearer: KEY_AS_BEARER } },
  tags: [
    { name: 'Users', description: 'Logins on a cluster' },
    { name: 'Databases', description: 'Databases of a cluster' },
    { name: 'Clusters', description: 'The managed servers' },
    { name: 'Tags', description: 'Of clusters' },
    { name: 'Account', description: 'Who asks' },
    { name: 'Token', description: 'What the token is good for' },
  ],
}
