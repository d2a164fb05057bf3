import { readFileSync } from 'node:fs'

/** Our package's folder, one above both src/ and dist/. */
export const PACKAGE_FOLDER = new URL('..', import.meta.url)

/** The version in package.json. */
export const VERSION: string = JSON.parse(readFileSync(new URL('package.json', PACKAGE_FOLDER), 'utf8')).version
