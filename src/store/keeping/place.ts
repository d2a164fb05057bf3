/** Where a store is, or shall be: a data folder, a PostgreSQL, or a backup. */
export type StorePlace = { readonly folder: string } | { readonly url: string } | { readonly file: string }

/** For messages. An address holds a password, so it is never shown. */
export function placeText(place: StorePlace): string {
  if ('url' in place) return 'the PostgreSQL store'
  return 'folder' in place ? `the store in ${place.folder}` : place.file
}
