/** Which OKMS of the account stands behind a key server: as the bot registered it, else by its address. */
import {
  type EndpointProbe,
  type KeyServer,
  type Ledger,
  type OkmsPort,
  parseEndpoint,
} from '../../src/core/index.js'

/** The port with an RSA certificate, the one for vSphere. */
const KMIP_RSA_PORT = 5697

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
): Promise<{ id: string; name: string } | null> {
  const services = await okms.list(signal)
  const registered = (await ledger.keyServer(cloud, kmsId))?.okmsId
  const known = services.find(({ id }) => id === registered)
  if (known) return { id: known.id, name: known.name }
  for (const { id, name, kmipRsaEndpoint, kmipEndpoint } of services) {
    const endpoint = parseEndpoint(kmipRsaEndpoint ?? kmipEndpoint, KMIP_RSA_PORT)
    if (endpoint && (await probe.resolve(endpoint.host)).includes(ip)) return { id, name }
  }
  return null
}
