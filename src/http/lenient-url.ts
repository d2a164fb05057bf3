/**
 * An address whose escapes can't be decoded would be refused before any dialect sees it, each of which has its own answer for such
 * things (and wants a key first). So a `%` that begins no escape stands for itself.
 */
export function lenientUrl(url: string): string {
  return decodableUrl(withoutDoubledSlash(url))
}

/** One API's clients put its paths after a base that may end in a slash. Elsewhere two slashes are an address that leads nowhere. */
function withoutDoubledSlash(url: string): string {
  return url.replace(/^\/{2,}(?=api\/)/, '/')
}

function decodableUrl(url: string): string {
  if (!url.includes('%')) return url
  const [path = '', ...query] = url.split('?')
  const lenient = path.replace(/%(?![0-9A-Fa-f]{2})/g, '%25')
  return [isDecodable(lenient) ? lenient : lenient.replaceAll('%', '%25'), ...query].join('?')
}

/** `%ff` is an escape, but of no character. */
function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}
