/** Types of the parts we use of the published package `ovh` 2.0.3, which has none of its own. */

declare module 'ovh' {
  interface OvhOptions {
    appKey: string
    appSecret: string
    consumerKey: string
  }
  interface Ovh {
    /** `$1$` and the lower-case hex SHA-1 of secret, consumer key, method, URL, body and timestamp, joined by `+`. */
    signRequest(httpMethod: string, url: string, body: string | null, timestamp: number): string
  }
  function ovh(options: OvhOptions): Ovh
  export = ovh
}

declare module 'ovh/lib/endpoints.js' {
  /** Host of each platform's API by its name, such as `ovh-eu`. */
  const endpoints: Readonly<Record<string, { readonly host: string } | undefined>>
  export = endpoints
}
