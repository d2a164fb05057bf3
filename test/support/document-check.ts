import { Compile } from 'typebox/schema'

/** An answer, and what it answers. */
export interface Exchange {
  readonly method: string
  /** With or without a query. */
  readonly path: string
  readonly status: number
  readonly contentType?: string
  readonly text: string
}

export interface CheckRules {
  /** The path that the document has, for one that is served under another name too. */
  readonly canonical?: (path: string) => string
  /** The component that refusals follow where the document has no operation, or no such status for it: 401, 404, 405, 413, 415. */
  readonly refusal: string
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>
}
interface Operation {
  readonly responses: Readonly<Record<string, Content>>
}
/** An OpenAPI 3.1 document, as far as answers are concerned. */
export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components?: object
}

const TRANSPORT: readonly number[] = [401, 404, 405, 413, 415]

/** Throws, saying what doesn't fit, unless an answer is one that the document promises. */
export function documentCheck(document: Document, rules: CheckRules): (exchange: Exchange) => void {
  const canonical = rules.canonical ?? (path => path)
  return exchange => {
    const path = canonical(exchange.path.split('?')[0]!)
    const pointer = pointerOf(document, path, exchange)
    if (pointer) return checkContent(document, pointer, exchange)
    if (!TRANSPORT.includes(exchange.status)) throw misfit(exchange, 'is not in the document')
    if (exchange.method !== 'HEAD') checkBody(document, `#/components/schemas/${rules.refusal}`, exchange)
  }
}

/** Where the document describes the answer. */
function pointerOf({ paths }: Document, path: string, { method, status }: Exchange): string | undefined {
  const verb = method === 'HEAD' ? 'get' : method.toLowerCase()
  const templates = Object.keys(paths).filter(template => fits(template, path))
  const found = templates.find(template => paths[template]?.[verb]?.responses[status])
  return found && `#/paths/${escaped(found)}/${verb}/responses/${status}`
}

function fits(template: string, path: string): boolean {
  const [wanted, given] = [template.split('/'), path.split('/')]
  if (wanted.length !== given.length) return false
  return wanted.every((part, at) => part === given[at] || (part.startsWith('{') && given[at] !== ''))
}

function checkContent(document: Document, pointer: string, exchange: Exchange): void {
  const { content = {} } = at(document, pointer) as Content
  if (exchange.method === 'HEAD' || Object.keys(content).length === 0) {
    if (exchange.text !== '') throw misfit(exchange, 'has a body where there must be none')
    return
  }
  const type = exchange.contentType?.split(';')[0] ?? 'none'
  if (!content[type]) throw misfit(exchange, `has the type ${type}, not ${Object.keys(content).join(' or ')}`)
  if (content[type].schema) checkBody(document, `${pointer}/content/${escaped(type)}/schema`, exchange)
}

function checkBody(document: Document, pointer: string, exchange: Exchange): void {
  const isJson = /[/+]json/.test(exchange.contentType ?? '')
  const body: unknown = isJson ? JSON.parse(exchange.text) : exchange.text
  const [isRight, errors] = Compile({ ...document, $ref: pointer } as object).Errors(body)
  if (isRight) return
  const words = errors.map(({ instancePath, message }) => `${instancePath || 'the body'} ${message}`)
  throw misfit(exchange, words.join('; '))
}

function at(document: object, pointer: string): unknown {
  const parts = pointer.split('/').slice(1)
  return parts.reduce<unknown>((value, part) => (value as Record<string, unknown>)[unescaped(part)], document)
}

const escaped = (part: string) => part.replaceAll('~', '~0').replaceAll('/', '~1')
const unescaped = (part: string) => part.replaceAll('~1', '/').replaceAll('~0', '~')

function misfit({ method, path, status, text }: Exchange, words: string): Error {
  return new Error(`${method} ${path} answered ${status}, and that ${words}\n${text.slice(0, 1000)}`)
}
