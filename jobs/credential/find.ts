/** A credential at OVHcloud by what a person called it. */
import { type Credential, choose, type Okms, type OkmsPort } from '../../src/core/index.js'

/**
 * By its id; else by its name, which stands for the live one, and for an expired one where there is no other.
 * @throws BotError `input.not-found`, `input.ambiguous`
 */
export async function findCredential(
  okms: Pick<OkmsPort, 'list' | 'credentialPages'>,
  wanted: string,
  signal?: AbortSignal,
): Promise<{ okms: Okms; credential: Credential }> {
  const services = new Map((await okms.list(signal)).map(one => [one.id, one]))
  const live: (Credential & { okmsName: string })[] = []
  const expired: typeof live = []
  for (const { id, name: okmsName } of services.values()) {
    for await (const page of okms.credentialPages(id, signal)) {
      for (const one of page) {
        if (one.status === 'READY' || one.id === wanted) live.push({ ...one, okmsName })
        else if (one.status === 'EXPIRED') expired.push({ ...one, okmsName })
      }
    }
  }
  const isNamed = ({ name }: Credential) => name.toLowerCase() === wanted.toLowerCase()
  const among = live.some(isNamed) ? live : [...live, ...expired]
  const { okmsName: _, ...credential } = choose(among, wanted, 'credential', '/okms credentials')
  return { okms: services.get(credential.okmsId)!, credential }
}
