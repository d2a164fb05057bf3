import { Type } from 'typebox'
import type { Project } from '../../../domain/callers/project.ts'
import type { Policy } from '../../../domain/servers/policy.ts'
import { type Answer, answerChange } from '../answering.ts'
import { etagOf, type NativeHttp, type RouteParts, ref, versionWanted } from '../context.ts'
import { ListQuery, listOf, sendList } from '../lists.ts'
import {
  fromMember,
  fromProject,
  MemberBody,
  MemberWish,
  NewProject,
  ProjectBody,
  ProjectPatch,
} from '../wire/projects.ts'

export const projectSchemas = [ProjectBody, MemberBody]

const ProjectParams = Type.Object({ project: Type.String() })
const MemberParams = Type.Object({ project: Type.String(), operator: Type.String() })

/** Projects and who belongs to them. */
export function projectRoutes(http: NativeHttp, { services }: RouteParts): void {
  const { projects } = services

  http.get(
    '/projects',
    {
      schema: {
        operationId: 'listProjects',
        tags: ['Projects'],
        summary: 'Projects that this key opens',
        querystring: ListQuery,
        response: { 200: listOf(ref(ProjectBody)) },
      },
    },
    (request, reply) => sendList(request, reply, page => projects.list(request.caller, page), fromProject),
  )

  http.post(
    '/projects',
    {
      schema: {
        operationId: 'createProject',
        tags: ['Projects'],
        summary: 'Make a project; you become its owner',
        body: NewProject,
        response: { 201: ref(ProjectBody) },
      },
    },
    (request, reply) => {
      const wish = { ...request.body, policy: request.body.policy as Policy | undefined }
      return answerChange(request, reply, made, () => projects.create(request.caller, wish))
    },
  )

  http.get(
    '/projects/:project',
    {
      schema: {
        operationId: 'getProject',
        tags: ['Projects'],
        summary: 'One project',
        params: ProjectParams,
        response: { 200: ref(ProjectBody) },
      },
    },
    async (request, reply) => {
      const project = await projects.get(request.caller, request.params.project)
      return reply.header('etag', etagOf(project)).send(fromProject(project))
    },
  )

  http.patch(
    '/projects/:project',
    {
      schema: {
        operationId: 'changeProject',
        tags: ['Projects'],
        summary: 'Rename, set alias or policy',
        params: ProjectParams,
        body: ProjectPatch,
        response: { 200: ref(ProjectBody) },
      },
    },
    (request, reply) => {
      const wish = { ...request.body, policy: request.body.policy as Policy | undefined }
      const change = () => projects.change(request.caller, request.params.project, wish, versionWanted(request))
      return answerChange(request, reply, changed, change)
    },
  )

  http.delete(
    '/projects/:project',
    {
      schema: {
        operationId: 'deleteProject',
        tags: ['Projects'],
        summary: 'Delete it; refused while instances are managed',
        params: ProjectParams,
        response: { 204: Type.Null() },
      },
    },
    (request, reply) => {
      const remove = () => projects.remove(request.caller, request.params.project, versionWanted(request))
      return answerChange(request, reply, () => ({ status: 204 }), remove)
    },
  )

  http.get(
    '/projects/:project/members',
    {
      schema: {
        operationId: 'listMembers',
        tags: ['Projects'],
        summary: 'Operators and their roles',
        params: ProjectParams,
        querystring: ListQuery,
        response: { 200: listOf(ref(MemberBody)) },
      },
    },
    (request, reply) =>
      sendList(request, reply, page => projects.listMembers(request.caller, request.params.project, page), fromMember),
  )

  http.get(
    '/projects/:project/members/:operator',
    {
      schema: {
        operationId: 'getMember',
        tags: ['Projects'],
        summary: 'One member',
        params: MemberParams,
        response: { 200: ref(MemberBody) },
      },
    },
    async ({ caller, params }) => fromMember(await projects.getMember(caller, params.project, params.operator)),
  )

  http.put(
    '/projects/:project/members/:operator',
    {
      schema: {
        operationId: 'setMember',
        tags: ['Projects'],
        summary: 'Add an operator, or change its role',
        params: MemberParams,
        body: MemberWish,
        response: { 200: ref(MemberBody) },
      },
    },
    async ({ caller, params, body }) =>
      fromMember(await projects.setMember(caller, params.project, params.operator, body.role)),
  )

  http.delete(
    '/projects/:project/members/:operator',
    {
      schema: {
        operationId: 'removeMember',
        tags: ['Projects'],
        summary: 'Remove it; the last owner stays',
        params: MemberParams,
        response: { 204: Type.Null() },
      },
    },
    (request, reply) => {
      const remove = () => projects.removeMember(request.caller, request.params.project, request.params.operator)
      return answerChange(request, reply, () => ({ status: 204 }), remove)
    },
  )
}

function changed(project: Project): Answer {
  return { status: 200, headers: { etag: etagOf(project) }, body: fromProject(project) }
}

function made(project: Project): Answer {
  const location = `/rolecall/v1/projects/${project.id}`
  return { status: 201, headers: { etag: etagOf(project), location }, body: fromProject(project) }
}
