import type { FastifyRequest, FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import type { Violation } from '../../../domain/fault.ts'
import { WrongBody } from '../problems.ts'
import { connectionSchemas } from '../wire/connections.ts'
import { TestInput } from '../wire/coordinates.ts'
import { toWrongs } from './fields.ts'
import { fieldsOf, type Named, resolved, type Shape, type Wrong, wrongTypesIn } from './shape.ts'
import { wrongValuesIn } from './values.ts'

const NAMED: Named = new Map([...connectionSchemas, TestInput].map(schema => [(schema as Shape).$id ?? '', schema]))

/** Bodies get their shape looked at here; queries have been looked at before, in an order of their own. */
export const compileShapes: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  if (httpPart !== 'body') return (value: unknown) => ({ value })
  const shape = resolved(schema as Shape, NAMED)
  return (value: unknown) => {
    const wrongs = wrongTypesIn(shape, value, NAMED)
    return wrongs.length > 0 ? { error: new WrongBody(wrongs) } : { value }
  }
}

/** Once its shape is right: everything wrong with the values, by schema and by service, together and in schema field order. */
export function checkValues(request: FastifyRequest, schema: TSchema, found: readonly Violation[]): void {
  const { envelope = '' } = request.routeOptions.config.body ?? {}
  const shape = resolved(schema as Shape, NAMED)
  const all = [...wrongValuesIn(shape, request.body, NAMED), ...toWrongs(found, envelope)]
  const distinct = all.filter((one, at) => all.findIndex(other => other.pointer === one.pointer) === at)
  if (distinct.length > 0) throw new WrongBody(inFieldOrder(distinct, shape, envelope))
}

function inFieldOrder(wrongs: readonly Wrong[], shape: Shape, envelope: string): readonly Wrong[] {
  const [outer] = fieldsOf(shape, NAMED)
  const names = fieldsOf(envelope ? outer!.shape : shape, NAMED).map(({ name }) => name)
  const rank = ({ pointer }: Wrong) => names.indexOf(pointer.slice(envelope.length).split('/')[1] ?? '')
  return wrongs.toSorted((one, other) => rank(one) - rank(other))
}
