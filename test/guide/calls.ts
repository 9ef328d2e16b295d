/**
 * The API calls that OVHcloud's guide about encrypting VMs with the KMS lists, and how each is done by talking to the bot. Source: the
 * table of calls in ovh/docs, "Use OVHcloud KMS with VMware on OVHcloud" (its routes and what they do; the words are ours).
 */

export interface GuideCall {
  /** As the API's schema spells it. */
  call: string
  does: string
  /** The command that does it. */
  command: string
  /** What has to be there before. */
  first?: readonly string[]
  /** The OKMS shows another KMIP certificate from here on. */
  replacesCertificate?: true
  /** Typed one after another; `{kmsId}` is the id of the key server there is. */
  asks: readonly string[]
  says: RegExp
  /** Refused, with a sentence, before or by OVHcloud. */
  wrong: { asks: string; says: string }
}

const OKMS = '/v2/okms/resource'
const KMS = '/v1/dedicatedCloud/{serviceName}/vmEncryption/kms'
const CLOUD = 'pcc-192-0-2-10'

const ISSUE = ['ana: /okms credential reader 30d', 'settle']
const ATTACH = [`ana: /okms attach ${CLOUD} prod-kms`, 'settle', 'bo: press Approve', 'advance 1m']

export const GUIDE_CALLS: readonly GuideCall[] = [
  {
    call: `GET ${OKMS}/{okmsId}/credential`,
    does: 'list the access credentials',
    command: 'credentials',
    first: ISSUE,
    asks: ['ana: /okms credentials prod-kms'],
    says: /reader\s+prod-kms/,
    wrong: { asks: 'ana: /okms credentials nix', says: 'There is no OKMS "nix".' },
  },
  {
    call: `POST ${OKMS}/{okmsId}/credential`,
    does: 'request an access credential',
    command: 'credential',
    asks: ISSUE,
    says: /Credential reader for prod-kms is ready/,
    wrong: { asks: 'ana: /okms credential reader 400d', says: '365 days' },
  },
  {
    call: `GET ${OKMS}/{okmsId}/credential/{credentialId}`,
    does: 'get an access credential',
    command: 'certificate',
    first: ISSUE,
    asks: ['ana: /okms certificate reader'],
    says: /Certificate of reader for prod-kms/,
    wrong: { asks: 'ana: /okms certificate nix', says: 'There is no credential "nix".' },
  },
  {
    call: `DELETE ${OKMS}/{okmsId}/credential/{credentialId}`,
    does: 'revoke and delete an access credential',
    command: 'revoke',
    first: ISSUE,
    asks: ['ana: /okms revoke reader "the laptop was stolen"', 'settle', 'ana: press Revoke it', 'settle'],
    says: /reader \([0-9a-f-]{36}\) is revoked/,
    wrong: { asks: 'ana: /okms revoke nix', says: 'There is no credential "nix".' },
  },
  {
    call: 'GET /v2/okms/reference/serviceKey',
    does: 'show which types, sizes, curves and operations of service keys go together',
    command: 'key types',
    asks: ['ana: /okms key types eu-west-rbx'],
    says: /RSA\s+2048\* or 3072 or 4096\s+sign,verify\*/,
    wrong: { asks: 'ana: /okms key types nowhere', says: 'There is no region "nowhere".' },
  },
  {
    call: `GET ${OKMS}`,
    does: 'list the OKMS',
    command: 'list',
    asks: ['ana: /okms list'],
    says: /prod-kms\s+eu-west-rbx/,
    wrong: { asks: 'ana: /okms list banana', says: '"banana" is one word more' },
  },
  {
    call: `GET ${OKMS}/{okmsId}`,
    does: 'get an OKMS',
    command: 'show',
    asks: ['ana: /okms show prod-kms'],
    says: /urn:v1:eu:resource:okms:/,
    wrong: { asks: 'ana: /okms show nix', says: 'There is no OKMS "nix".' },
  },
  {
    call: `GET ${OKMS}/{okmsId}/serviceKey`,
    does: 'list the service keys',
    command: 'key list',
    asks: ['ana: /okms key list prod-kms'],
    says: /backup\s+prod-kms\s+ACTIVE\s+oct 256/,
    wrong: { asks: 'ana: /okms key list nix', says: 'There is no OKMS "nix".' },
  },
  {
    call: `POST ${OKMS}/{okmsId}/serviceKey`,
    does: 'create a service key',
    command: 'key create',
    asks: ['ana: /okms key create invoices EC P-384 okms:prod-kms', 'settle'],
    says: /Service key invoices \([0-9a-f-]{36}\) of prod-kms is ACTIVE: EC P-384, sign, verify/,
    wrong: {
      asks: 'ana: /okms key create invoices EC P-384 encrypt,decrypt prod-kms',
      says: 'A service key of type EC cannot be for encrypt, decrypt.',
    },
  },
  {
    call: `POST ${OKMS}/{okmsId}/serviceKey`,
    does: 'import a service key',
    command: 'key import',
    asks: ['ana: /okms key import brought {keyFile} prod-kms', 'settle'],
    says: /Service key brought \([0-9a-f-]{36}\) of prod-kms is ACTIVE: EC P-256, sign, verify/,
    wrong: {
      asks: 'ana: /okms key import signing {keyFile} prod-kms',
      says: 'has a service key signing already',
    },
  },
  {
    call: `GET ${OKMS}/{okmsId}/serviceKey/{keyId}`,
    does: 'retrieve a service key',
    command: 'key show',
    asks: ['ana: /okms key show signing pem'],
    says: /signing of prod-kms, ACTIVE[\s\S]*signing\.pub\.pem/,
    wrong: { asks: 'ana: /okms key show nix', says: 'There is no service key "nix".' },
  },
  {
    call: `PUT ${OKMS}/{okmsId}/serviceKey/{keyId}`,
    does: 'rename a service key',
    command: 'key rename',
    asks: ['ana: /okms key rename signing signing-2026', 'settle'],
    says: /is called signing-2026 now/,
    wrong: { asks: 'ana: /okms key rename signing backup', says: 'has a service key backup already' },
  },
  {
    call: `PUT ${OKMS}/{okmsId}/serviceKey/{keyId}`,
    does: 'take a service key out of use',
    command: 'key deactivate',
    asks: ['ana: /okms key deactivate signing SUPERSEDED', 'settle'],
    says: /Service key signing .* is DEACTIVATED/,
    wrong: { asks: 'ana: /okms key deactivate signing BORED', says: '"BORED" is not a value of reason.' },
  },
  {
    call: `PUT ${OKMS}/{okmsId}/serviceKey/{keyId}`,
    does: 'take a service key into use again',
    command: 'key activate',
    first: ['ana: /okms key deactivate signing SUPERSEDED', 'settle'],
    asks: ['ana: /okms key activate signing', 'settle'],
    says: /Service key signing .* is ACTIVE/,
    wrong: { asks: 'ana: /okms key activate backup', says: 'backup is active already.' },
  },
  {
    call: `DELETE ${OKMS}/{okmsId}/serviceKey/{keyId}`,
    does: 'delete a service key',
    command: 'key delete',
    first: ['ana: /okms key deactivate signing UNSPECIFIED', 'settle'],
    asks: ['ana: /okms key delete signing', 'settle', 'ana: press Delete it', 'settle'],
    says: /Service key signing .* is deleted/,
    wrong: { asks: 'ana: /okms key delete backup', says: 'OVHcloud deletes no active key.' },
  },
  {
    call: `GET ${KMS}`,
    does: 'list the key servers of a Private Cloud',
    command: 'clouds',
    asks: ['ana: /okms clouds'],
    says: /pcc-192-0-2-10\s+delivered\s+disabled\s+none/,
    wrong: { asks: 'ana: /okms clouds banana', says: '"banana" is one word more' },
  },
  {
    call: `POST ${KMS}`,
    does: 'register a key server',
    command: 'attach',
    asks: ATTACH,
    says: /Key server \d+ is delivered/,
    wrong: { asks: 'ana: /okms attach pcc-nix prod-kms', says: 'There is no Private Cloud "pcc-nix".' },
  },
  {
    call: `GET ${KMS}/{kmsId}`,
    does: 'get a key server',
    command: 'clouds',
    first: ATTACH,
    asks: ['ana: /okms clouds'],
    says: /127\.0\.0\.1\s+prod-kms\s+delivered/,
    wrong: { asks: 'dee: /okms clouds', says: 'You may not look at anything here.' },
  },
  {
    call: `DELETE ${KMS}/{kmsId}`,
    does: 'remove a key server',
    command: 'detach',
    first: ATTACH,
    asks: [`ana: /okms detach ${CLOUD} {kmsId}`, 'settle', 'bo: press Approve', 'advance 1m'],
    says: /Key server \d+ is removed/,
    wrong: { asks: `ana: /okms detach ${CLOUD} 1`, says: 'has no key server 1.' },
  },
  {
    call: `POST ${KMS}/{kmsId}/changeProperties`,
    does: 'change a key server',
    command: 'repair',
    first: ATTACH,
    replacesCertificate: true,
    asks: [`ana: /okms repair ${CLOUD} {kmsId}`, 'settle', 'bo: press Approve', 'advance 1m'],
    says: /Key server \d+ trusts/,
    wrong: { asks: `ana: /okms repair ${CLOUD} 1`, says: 'has no key server 1.' },
  },
]
