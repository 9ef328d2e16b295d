/** A service key at OVHcloud by what a person called it, and what flows about it carry along. */
import { z } from 'zod'
import {
  type ApprovalFacts,
  choose,
  type Okms,
  type OkmsPort,
  type ServiceKey,
  type ServiceKeyPort,
} from '../../src/core/index.js'

export const keySubject = z.object({
  keyId: z.string(),
  okmsId: z.string(),
  okmsName: z.string(),
  name: z.string(),
  /** `EC P-256` */
  kind: z.string(),
})
export type KeySubject = z.infer<typeof keySubject>

export interface WhereKeysAre {
  okms: Pick<OkmsPort, 'list'>
  serviceKeys: ServiceKeyPort
}

export const kindOf = ({ type, size, curve }: Pick<ServiceKey, 'type' | 'size' | 'curve'>) =>
  [type, curve ?? size].filter(part => part !== null).join(' ')

/** `sign, verify` */
export const operationsOf = (operations: readonly string[]) => operations.join(', ')

const isThere = ({ state }: ServiceKey) => !state.startsWith('DESTROYED')

/** All keys that are not destroyed, of one OKMS or of all that live. @throws BotError `input.*` when there is no such OKMS */
export async function allKeys(
  { okms, serviceKeys }: WhereKeysAre,
  wantedOkms: string | undefined,
  signal?: AbortSignal,
): Promise<(ServiceKey & { okms: Okms })[]> {
  const all = await okms.list(signal)
  const among =
    wantedOkms === undefined
      ? // OVHcloud refuses to tell the keys of an OKMS that has ended.
        all.filter(({ state }) => state !== 'EXPIRED')
      : [choose(all, wantedOkms, 'OKMS', '/okms list')]
  const found: (ServiceKey & { okms: Okms })[] = []
  for (const one of among) {
    for await (const page of serviceKeys.pages(one.id, signal)) {
      found.push(...page.filter(isThere).map(key => ({ ...key, okms: one })))
    }
  }
  return found
}

/** By its id, or by its name where only one has it. @throws BotError `input.not-found`, `input.ambiguous` */
export async function findKey(
  where: WhereKeysAre,
  wanted: string,
  signal?: AbortSignal,
): Promise<{ key: ServiceKey; subject: KeySubject }> {
  const { okms, ...key } = choose(
    await allKeys(where, undefined, signal),
    wanted,
    'service key',
    '/okms key list',
  )
  const { id: keyId, okmsId, name } = key
  return { key, subject: { keyId, okmsId, okmsName: okms.name, name, kind: kindOf(key) } }
}

export const factsOf = ({ okmsId, okmsName }: Pick<KeySubject, 'okmsId' | 'okmsName'>): ApprovalFacts => ({
  okms: [okmsId, okmsName],
})

export const pathOf = ({ okmsId, keyId }: Pick<KeySubject, 'okmsId' | 'keyId'>) =>
  `/v2/okms/resource/${okmsId}/serviceKey/${keyId}`
