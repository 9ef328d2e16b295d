/**
 * A program that uses OVHcloud's own Node client, @ovhcloud/node-ovh 3, as its README shows. It knows only HTTPS and reads trust from
 * NODE_EXTRA_CA_CERTS, so it runs as a process of its own. Arguments: one JSON text `{host, port, keys}`, where keys is what the
 * client's constructor takes; prints one JSON line.
 */
import ovhClient from '@ovhcloud/node-ovh'

const { host, port, keys } = JSON.parse(process.argv[2])
const ovh = ovhClient({ host, port, ...keys })

const resources = await ovh.requestPromised('GET', '/v2/okms/resource')
const okmsId = resources[0].id
const path = `/v2/okms/resource/${okmsId}/credential`
const created = await ovh.requestPromised('POST', path, {
  name: 'lecteur',
  description: 'made by the official client',
  identityURNs: ['urn:v1:eu:identity:group:ab12345-ovh/reader'],
  validity: 30,
})
const credentials = await ovh.requestPromised('GET', path)
const me = await ovh.requestPromised('GET', '/me')
const keyServers = []
for (const serviceName of await ovh.requestPromised('GET', '/dedicatedCloud')) {
  const kms = `/dedicatedCloud/${serviceName}/vmEncryption/kms`
  for (const kmsId of await ovh.requestPromised('GET', kms)) {
    const { ip, sslThumbprint, description, state } = await ovh.requestPromised('GET', `${kms}/${kmsId}`)
    keyServers.push({ serviceName, kmsId, ip, sslThumbprint, description, state })
  }
}
const refused = await ovh
  .requestPromised('GET', '/v2/okms/resource/00000000-0000-4000-8000-000000000000')
  .catch(refusal => refusal)

process.stdout.write(
  `${JSON.stringify({
    okmsIds: resources.map(({ id }) => id),
    created: created.id,
    credentialIds: credentials.map(({ id }) => id),
    keyServers,
    subsidiary: me.ovhSubsidiary,
    refused,
  })}\n`,
)
