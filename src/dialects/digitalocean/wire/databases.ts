import { Type } from 'typebox'
import { ref } from '../../request.ts'
import { Meta } from './common.ts'

const DatabaseBody = Type.Object({ name: Type.String() }, { $id: 'Database' })

export const databaseSchemas = [DatabaseBody]
export const NewDatabaseBody = Type.Object({ name: Type.String() })
export const SingleDatabase = Type.Object({ db: ref(DatabaseBody) })
export const DatabaseList = Type.Object({ dbs: Type.Array(ref(DatabaseBody)), meta: Meta })

/** Nothing else exists of a database here. */
export const fromDatabase = ({ name }: { readonly name: string }) => ({ name })
