/** How the command ends. 10 to 12 are also in bin/ground/words.js: the launcher runs before any of this. */
export const EXIT = {
  fine: 0,
  /** Our own mistake, or something nobody foresaw. */
  failed: 1,
  /** The command line can't be understood. */
  usage: 2,
  /** Understood, and refused: no such project, a taken name, a missing right. */
  refused: 3,
  wrongNode: 10,
  installFailed: 11,
  buildFailed: 12,
  badSetting: 20,
  portTaken: 21,
  folderUnwritable: 22,
  folderHeld: 23,
  storeUnreachable: 24,
  masterKeyMissing: 25,
  masterKeyWrong: 26,
  newerSchema: 27,
  /** The demo only works in a folder that it made. */
  folderForeign: 28,
  demoDatabase: 29,
  storeDamaged: 30,
} as const

export type ExitName = keyof typeof EXIT

/** Ends the command with words for the person who typed it: what is wrong, and what to do. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly exit: ExitName
  readonly remedy: string

  constructor(exit: ExitName, message: string, remedy: string) {
    super(message)
    this.exit = exit
    this.remedy = remedy
  }
}
