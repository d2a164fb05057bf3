import pg from 'pg'
import { type Dial, dialWithPg, type PgSession } from '../../../src/engines/postgresql/index.ts'

/** A statement that the engine sent, and the session that it sent it on. */
export interface Asked {
  readonly session: PgSession
  readonly text: string
  readonly values: readonly unknown[]
}

/** The real dial, overheard: every statement with values is noted in `asked`. */
export function overheard(asked: Asked[]): Dial {
  return async (config, signal) => {
    const session = await dialWithPg(config, signal)
    return Object.create(session, {
      query: {
        value: (text: string, values?: readonly unknown[]) => {
          if (values) asked.push({ session, text, values })
          return session.query(text, values)
        },
      },
    }) as PgSession
  }
}

/** A plan made for these very values, or one for all values, or whichever the session itself would take. */
export type PlanKind = 'custom' | 'generic' | 'own'

/** A node of a plan that was run, as EXPLAIN tells it. */
export interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly 'Recheck Cond'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Index Recheck'?: number
  readonly Plans?: readonly PlanNode[]
}

/** Runs the statement once more on its own session, as prepared there as it was first sent; answers every node of its plan. */
export async function planOf({ session, text, values }: Asked, kind: PlanKind): Promise<readonly PlanNode[]> {
  const mode = kind === 'own' ? '' : `set local plan_cache_mode = force_${kind}_plan;`
  const answer = await session.query(`begin; ${mode}
prepare planned as ${text};
explain (analyze, format json) execute planned(${values.map(literal).join(', ')});
deallocate planned;
commit`)
  const [{ Plan }] = answer.rows.at(-1)!['QUERY PLAN'] as [{ Plan: PlanNode }]
  return [...nodesOf(Plan)]
}

const literal = (value: unknown) => (value === null ? 'null' : pg.escapeLiteral(String(value)))

function* nodesOf(node: PlanNode): Generator<PlanNode> {
  yield node
  for (const one of node.Plans ?? []) yield* nodesOf(one)
}

/** Rows that a node took from its table, shown or thrown away, over all its loops. */
export function rowsRead(node: PlanNode): number {
  const thrown = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)
  return (node['Actual Rows'] + thrown) * node['Actual Loops']
}
