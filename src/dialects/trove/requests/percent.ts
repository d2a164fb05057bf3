/** Percent-decoding that never fails: a `%` that begins no escape, and bytes that are no character, stand for themselves. */
export function lenientDecode(text: string): string {
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, run => {
    try {
      return decodeURIComponent(run)
    } catch {
      return run
    }
  })
}

export const hasEscapes = (text: string): boolean => /%[0-9A-Fa-f]{2}/.test(text)

/** As Python's `quote` with nothing safe: letters, digits and `_.-~` alone stay as they are. */
export function encodeOnce(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    one => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
