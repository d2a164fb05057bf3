import type { TargetOutcome } from '../../../domain/operations/operation.ts'
import type { FanOut } from '../../../ledger/fan-out/perform.ts'
import type { Ledger } from '../../../ledger/ledger.ts'
import type { Instances } from '../../instances/instances.ts'
import type { Prepared } from '../../operations/prepared.ts'
import type { ProjectParts } from '../project-user.ts'

/** What came of some of the targets that were asked for. */
export interface Done {
  readonly operationId: string
  readonly outcomes: readonly TargetOutcome[]
}

/** Some of the targets that were asked for, by their positions, as one operation. */
export interface Part {
  readonly positions: readonly number[]
  readonly prepared: Prepared<Done>
}

export interface ThroughParts extends ProjectParts {
  readonly instances: Instances
  readonly ledger: Ledger
  readonly fanOut: FanOut
}
