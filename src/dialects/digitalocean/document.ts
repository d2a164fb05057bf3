import type { DialectDocument } from '../document.ts'

/** What `/openapi/digitalocean.json` says beyond the routes' own schemas. */
export const digitaloceanOpenApi: DialectDocument['openapi'] = {
  info: {
    title: 'DigitalOcean Managed Databases',
    version: '2.0.0',
    description:
      'Users and databases of your own servers, in the words of the DigitalOcean API, kept by this Rolecall.',
    license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
  },
  security: [{ bearer: [] }],
  components: {
    securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: "A key's private half" } },
  },
  tags: [
    { name: 'Users', description: 'Logins on a cluster' },
    { name: 'Databases', description: 'Databases of a cluster' },
    { name: 'Clusters', description: 'The managed servers' },
    { name: 'Tags', description: 'Of clusters' },
    { name: 'Account', description: 'Who asks' },
    { name: 'Token', description: 'What the token is good for' },
  ],
}
