import { Secret } from '../../src/domain/secret.ts'
import type { Change } from '../../src/domain/users/change.ts'
import type { Mark, NewUser } from '../../src/domain/users/user.ts'
import type { AdminClient, Engine, Plan, Step } from '../../src/engines/engine.ts'

export const INSTALLATION = 'c0ffee00'

let operations = 0

/** What a new operation leaves on the engine. */
export function aMark(): Mark {
  operations++
  return { installation: INSTALLATION, operation: `op_T${process.pid}X${operations}` }
}

/** Makes a login, as `create-user` is asked to. */
export function aCreate(name: string, change: Partial<NewUser> & { readonly password?: string } = {}): Change {
  const { password = `pw-of-${name}`, ...user } = change
  return {
    kind: 'create-user',
    user: { name, settings: {}, engineRoles: [], grants: [], ...user },
    password: new Secret(password),
  }
}

/** A change on one engine, over one link: planned from facts that are read now. */
export async function planned(engine: Engine, client: AdminClient, change: Change, mark: Mark): Promise<Plan> {
  return engine.plan(change, await client.facts(change, mark))
}

/** Plans and runs, and fails on a refusal. */
export async function apply(engine: Engine, client: AdminClient, change: Change, mark = aMark()): Promise<Plan> {
  const plan = await planned(engine, client, change, mark)
  if (plan.refusals.length > 0) throw new Error(`${change.kind} was refused: ${JSON.stringify(plan.refusals)}`)
  for (const step of plan.steps) await client.run(step)
  return plan
}

/** The same, as if the process died after every step: each is the first of a plan made anew. Answers how many there were. */
export async function applyThroughCrashes(
  engine: Engine,
  client: AdminClient,
  change: Change,
  mark = aMark(),
): Promise<number> {
  const isSame = async (step: Step) => {
    const { steps } = await planned(engine, client, change, mark)
    return steps.length === 1 && JSON.stringify(steps[0]) === JSON.stringify(step)
  }
  for (let steps = 0; steps < 50; steps++) {
    const { steps: left, refusals } = await planned(engine, client, change, mark)
    if (refusals.length > 0) throw new Error(`${change.kind} was refused: ${JSON.stringify(refusals)}`)
    if (left.length === 0) return steps
    await client.run(left[0]!)
    if (left.length === 1 && (await isSame(left[0]!))) return steps + 1
    // Steps that end sessions have nothing to show for it, and are planned again as long as there is a login.
    if (left.length > 1 && (await planned(engine, client, change, mark)).steps.length === left.length) {
      await client.run(left[1]!)
    }
  }
  throw new Error(`${change.kind} never comes to an end`)
}
