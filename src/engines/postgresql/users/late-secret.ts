import { Secret } from '../../../domain/secret.ts'

/** A secret that is still being computed: whoever plans with it need not wait, whoever sends it must. */
export class LateSecret extends Secret {
  readonly ready: Promise<void>
  #text?: string

  constructor(text: Promise<string>) {
    super('')
    this.ready = text.then(known => {
      this.#text = known
    })
    // Whoever waits for it is told why there is none; a plan that is not run waits for nothing.
    this.ready.catch(() => undefined)
  }

  override reveal(): string {
    if (this.#text === undefined) throw new Error('Not computed yet')
    return this.#text
  }
}
