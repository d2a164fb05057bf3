import type { Caller } from '../../domain/callers/caller.ts'
import type { Operator } from '../../domain/callers/operator.ts'
import { Fault } from '../../domain/fault.ts'
import { newShortId } from '../../domain/id.ts'
import type { KeyPage, Page } from '../../domain/page.ts'
import type { Store } from '../../store/store.ts'
import { checkWholeKey, hasRight } from '../access/access.ts'
import { changeStore } from '../operations/store-change.ts'

export interface NewOperator {
  readonly username: string
  readonly email?: string
  readonly name?: string
}

/** Who may call Rolecall. Managed on the machine itself, by the command line. */
export interface Operators {
  list(page: KeyPage): Promise<Page<Operator>>
  /** By id or username. */
  get(idOrUsername: string): Promise<Operator>
  add(wanted: NewOperator): Promise<Operator>
  /** What an operator may say of itself. */
  changeOwn(caller: Caller, wish: { readonly email: string; readonly name?: string }): Promise<Operator>
  setDisabled(idOrUsername: string, disabled: boolean): Promise<Operator>
}

export function createOperators(store: Store): Operators {
  async function get(idOrUsername: string): Promise<Operator> {
    const operator =
      (await store.read.operators.find(idOrUsername)) ?? (await store.read.operators.findByUsername(idOrUsername))
    if (!operator) throw new Fault('not_found', 'operator', `No operator ${idOrUsername}`)
    return operator
  }

  function add(wanted: NewOperator): Promise<Operator> {
    checkUsername(wanted.username)
    return store.transaction(async tables => {
      const operator: Operator = { id: newShortId(), ...wanted, first: false, createdAt: await tables.now() }
      await tables.operators.add(operator)
      return operator
    })
  }

  async function changeOwn(
    caller: Caller,
    { email, name }: { readonly email: string; readonly name?: string },
  ): Promise<Operator> {
    if (!hasRight(caller, caller.key.homeProjectId, 'change')) checkWholeKey(caller, caller.key.homeProjectId)
    checkText('/emailAddress', email)
    checkText('/name', name ?? '')
    return changeStore(store, async tables => {
      const { id } = caller.operator
      const before = await tables.operators.hold(id)
      if (!before) throw new Fault('not_found', 'operator', `No operator ${id}`)
      const after = { ...before, email: email || undefined, name: name ?? before.name }
      await tables.operators.describe(after)
      return after
    })
  }

  async function setDisabled(idOrUsername: string, disabled: boolean): Promise<Operator> {
    const { id } = await get(idOrUsername)
    return store.transaction(async tables => {
      await tables.operators.setDisabled(id, disabled ? await tables.now() : undefined)
      const operator = await tables.operators.find(id)
      if (!operator) throw new Fault('not_found', 'operator', `No operator ${idOrUsername}`)
      return operator
    })
  }

  return { list: page => store.read.operators.list(page), get, add, changeOwn, setDisabled }
}

export function checkUsername(username: string): void {
  if (/^[\p{L}\p{N}._@+-]{1,100}$/u.test(username)) return
  const violations = [{ pointer: '/username', detail: 'must have 1 to 100 letters, digits and . _ @ + -' }]
  throw new Fault('invalid', 'operator', 'A username is 1 to 100 letters, digits and . _ @ + -', { violations })
}

function checkText(pointer: string, text: string): void {
  if ([...text].length <= 255 && !/\p{Cc}/u.test(text) && text.isWellFormed()) return
  const violations = [{ pointer, detail: 'must have at most 255 characters and no control characters' }]
  throw new Fault('invalid', 'operator', 'That is not acceptable', { violations })
}
