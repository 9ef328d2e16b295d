/** Addresses of web services. */
import type { SettingName } from './settings.js'
import type { Source } from './source.js'

/** The address as it was written, `undefined` when it is absent or wrong; the value is not told, since it may hold a password. */
export function readUrl(source: Source, name: SettingName): string | undefined {
  const text = source.text(name)
  if (text === undefined) return undefined
  const url = URL.canParse(text) ? new URL(text) : null
  const problem =
    url === null || !/^https?:$/.test(url.protocol)
      ? 'is not an http or https address'
      : url.username !== '' || url.password !== ''
        ? 'holds a user or a password, which belong into settings of their own'
        : url.search !== '' || url.hash !== ''
          ? 'has something after ? or #'
          : null
  if (problem === null) return text
  source.wrong(name, problem)
  return undefined
}

/** Whether an address leads to this machine (RFC 6890 §2.2.2, RFC 6761 §6.3). */
export function isLoopback(url: string): boolean {
  const host = new URL(url).hostname
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}
