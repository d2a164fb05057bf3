import type { RouteParts } from '../../request.ts'
import type { DigitalOceanHttp } from '../context.ts'

export const userSchemas = []

export function userRoutes(_http: DigitalOceanHttp, _parts: RouteParts): void {}
