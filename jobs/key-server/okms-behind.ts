/** Which OKMS of the account stands behind a key server: as the bot registered it, else by its address. */
import {
  type EndpointProbe,
  type KeyServer,
  type Ledger,
  type OkmsPort,
  parseEndpoint,
} from '../../src/core/index.js'
import { behindEndpoint, KMIP_RSA_PORT, type Measured } from './measure.js'

interface Outside {
  okms: Pick<OkmsPort, 'list'>
  probe: Pick<EndpointProbe, 'resolve'>
  ledger: Pick<Ledger, 'keyServer'>
  signal?: AbortSignal
}

export async function okmsBehind(
  { okms, probe, ledger, signal }: Outside,
  cloud: string,
  { kmsId, ip }: Pick<KeyServer, 'kmsId' | 'ip'>,
): Promise<{ id: string; name: string; all: Measured['okms'] } | null> {
  const services = await okms.list(signal)
  const registered = (await ledger.keyServer(cloud, kmsId))?.okmsId
  const known = services.find(({ id }) => id === registered)
  if (known) return { id: known.id, name: known.name, all: behindEndpoint(known, services) }
  for (const one of services) {
    const endpoint = parseEndpoint(one.kmipRsaEndpoint ?? one.kmipEndpoint, KMIP_RSA_PORT)
    if (!endpoint || !(await probe.resolve(endpoint.host)).includes(ip)) continue
    return { id: one.id, name: one.name, all: behindEndpoint(one, services) }
  }
  return null
}
