import type { Right } from '../users/role.ts'
import type { Access, Entity } from './access.ts'

/** What was asked of a caller before it got an answer: whoever is to get that answer again must still have it. */
export type Need =
  | { readonly kind: 'right'; readonly projectId: string; readonly right: Right }
  | { readonly kind: 'thing'; readonly entity: Entity; readonly access: Access }
  | { readonly kind: 'instance'; readonly id: string }
