import type { Json, Sealed, YesNo } from './values.ts'

export interface OperatorRow {
  id: string
  username: string
  email: string | null
  name: string | null
  issuer: string | null
  subject: string | null
  first: YesNo
  homeProjectId: string | null
  disabledAt: number | null
  createdAt: number
  searchText: string
}

export interface ProjectRow {
  id: string
  name: string
  alias: string | null
  policy: Json
  createdAt: number
  version: number
  searchText: string
}

export interface MemberRow {
  projectId: string
  operatorId: string
  role: string
  since: number
}

export interface TeamRow {
  id: string
  projectId: string
  name: string
  nameKey: string
  createdAt: number
  searchText: string
}

export interface TeamMemberRow {
  teamId: string
  projectId: string
  operatorId: string
  role: string
  since: number
}

export interface InvitationRow {
  id: string
  projectId: string
  senderId: string
  email: string
  role: string
  thingKind: 'team' | 'connection' | 'data-source' | null
  thingId: string | null
  thingRole: string | null
  codeHash: string
  createdAt: number
  expiresAt: number
  searchText: string
}

export interface ApiKeyRow {
  id: string
  publicKey: string
  operatorId: string
  homeProjectId: string
  description: string | null
  networks: Json
  createdAt: number
  expiresAt: number | null
  revokedAt: number | null
  lastUsedAt: number | null
  secretHash: string
  digestMd5: Sealed
  digestSha256: Sealed
  searchText: string
  madeBy: string | null
}

export interface KeyProjectRow {
  keyId: string
  projectId: string
  role: string
  scopes: Json | null
}

export interface TokenRow {
  id: string
  tokenHash: string
  keyId: string
  projectId: string
  methods: Json
  issuedAt: number
  expiresAt: number
}

export interface NonceWindowRow {
  nonce: string
  keyId: string
  highest: number
  /** Bit n: the count n below the highest was used. */
  seen: number
  until: number
}

export interface ServiceAccountRow {
  keyId: string
  name: string
}

export interface ServiceAccountSecretRow {
  id: string
  keyId: string
  hash: string
  ending: string
  createdAt: number
  expiresAt: number
  lastUsedAt: number | null
}

export interface AccessListEntryRow {
  projectId: string
  network: string
  comment: string | null
  createdAt: number
  deleteAt: number | null
}
