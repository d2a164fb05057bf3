import type { DialectDocument } from '../document.ts'

/** What `/openapi/wiremock.json` says beyond the routes' own schemas. */
export const wiremockOpenApi: DialectDocument['openapi'] = {
  info: {
    title: 'WireMock Cloud',
    version: '1.0.0',
    description: 'Database connections in the words of WireMock Cloud, kept and tested by this Rolecall.',
  },
  security: [{ tokenAuth: [] }],
  components: {
    securitySchemes: {
      tokenAuth: { type: 'apiKey', in: 'header', name: 'Authorization', description: '`Token ` and the key' },
    },
  },
  tags: [
    { name: 'Database connections', description: 'Where databases are, and how to log in to them' },
    { name: 'Data sources', description: 'Tables behind connections, and rows that were sent' },
    { name: 'Access control', description: 'Who may see and do what with single things' },
    { name: 'Users', description: 'Who calls' },
    { name: 'Teams', description: 'Users to whom things are shared together' },
    { name: 'Organisations', description: 'The unit of ownership' },
  ],
}
