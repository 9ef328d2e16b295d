/** A path of the OVHcloud API as a route, for counting: whatever is not a word of the API stands as `{id}`, so no id or name is told. */

/** The words in the paths that the bot calls (OVHcloud API v1 and v2: okms, iam, dedicatedCloud, order, auth). */
const WORDS: ReadonlySet<string> = new Set(
  `v1 v2 okms resource reference regions credential serviceKey activate deactivate
  iam authorization check identity user group api client auth oauth2 time details token currentCredential me
  dedicatedCloud vmEncryption kms changeProperties task service services
  order cart assign checkout item configuration options requiredConfiguration summary
  catalog public status extension`.split(/\s+/),
)

/** `GET /v2/okms/resource/{id}/credential` of a method and a path with or without its query. */
export function routeOf(method: string, path: string): string {
  const segments = path.split('?', 1)[0]!.split('/').filter(Boolean)
  return `${method} /${segments.map(segment => (WORDS.has(segment) ? segment : '{id}')).join('/')}`
}

/** What stands in the places of `{id}`, decoded. */
export function idsIn(path: string): string[] {
  const segments = path.split('?', 1)[0]!.split('/').filter(Boolean)
  return segments.filter(segment => !WORDS.has(segment)).map(decodeURIComponent)
}
