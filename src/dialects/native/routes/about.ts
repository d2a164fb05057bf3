import { Type } from 'typebox'
import { type NativeHttp, type RouteParts, ref } from '../context.ts'
import { EngineBody, fromEngine } from '../wire/instances.ts'

const About = Type.Object(
  {
    product: Type.Literal('Rolecall'),
    version: Type.String(),
    dialects: Type.Array(Type.String()),
    operator: Type.Object({ id: Type.String(), username: Type.String(), first: Type.Boolean() }),
    project: Type.Object(
      { id: Type.String(), role: Type.Optional(Type.String()) },
      { description: "The key's home project" },
    ),
    roles: Type.Record(Type.String(), Type.String(), { description: 'The role in each project' }),
    links: Type.Record(Type.String(), Type.String()),
  },
  { $id: 'About' },
)

export const aboutSchemas = [About, EngineBody]

export function aboutRoutes(
  http: NativeHttp,
  { services, version, dialects }: RouteParts & { version: string; dialects: readonly string[] },
): void {
  http.get(
    '/',
    {
      schema: {
        operationId: 'getAbout',
        tags: ['About'],
        summary: 'Who am I, what is this',
        response: { 200: ref(About) },
      },
    },
    async ({ caller }) => {
      const { id, username, first } = caller.operator
      const project = caller.key.homeProjectId
      return {
        product: 'Rolecall',
        version,
        dialects,
        operator: { id, username, first },
        project: { id: project, role: caller.roles.get(project) },
        roles: Object.fromEntries(caller.roles),
        links: {
          projects: '/rolecall/v1/projects',
          engines: '/rolecall/v1/engines',
          connections: `/rolecall/v1/projects/${project}/connections`,
          instances: `/rolecall/v1/projects/${project}/instances`,
          operations: `/rolecall/v1/projects/${project}/operations`,
          openapi: '/openapi/native.json',
          docs: '/docs',
        },
      }
    },
  )

  const items = Type.Object({ items: Type.Array(ref(EngineBody)) })
  http.get(
    '/engines',
    {
      schema: {
        operationId: 'listEngines',
        tags: ['About'],
        summary: 'Database products, and what each can do',
        response: { 200: items },
      },
    },
    async () => ({
      items: services.engines
        .list()
        .map(engine => fromEngine(engine.about, services.engines.isDriven(engine.about.name))),
    }),
  )
}
