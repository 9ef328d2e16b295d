import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ALGORITHMS } from '../../../src/pki/algorithms.js'
import { createAuthority } from '../../../src/pki/authority.js'
import { createPkcs12, newPassphrase } from '../../../src/pki/bundles.js'
import { readCertificate } from '../../../src/pki/certificates.js'
import { generateKeyPair, publicKeyOf, toPkcs1, toSec1 } from '../../../src/pki/keys.js'
import { createRequest, readRequest } from '../../../src/pki/requests.js'
import { openssl, pathOf, put } from './openssl.js'
import { secretVector } from './vectors.js'

const OKMS_ID = 'e90c5841-f39e-4983-8596-62ff0c538b6b'
const CREDENTIAL_ID = 'f18b5e0d-75b8-40a3-9b0e-71ffe5ff03cb'
const IDS = ALGORITHMS.map(({ id }) => id)

const soon = () => {
  const now = Date.now()
  return { notBefore: new Date(now - 60_000), notAfter: new Date(now + 30 * 86_400_000) }
}

describe('openssl', () => {
  it.each(IDS)('verifies our request with a %s key', async id => {
    const pem = await createRequest({
      privateKey: secretVector(`keys/${id}.pkcs8.pem`),
      commonName: 'ana "at" #ops',
    })

    const said = await openssl(
      'req',
      '-in',
      put(`${id}.csr`, pem),
      '-verify',
      '-noout',
      '-subject',
      '-nameopt',
      'sep_multiline,utf8',
    )

    expect(said).toMatch(/verify OK/)
    expect(said).toContain('CN=ana "at" #ops')
  })

  it('makes keys and requests that we read', async () => {
    await openssl(
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      '/CN=vcenter.example.org',
      '-keyout',
      pathOf('own.key'),
      '-out',
      pathOf('own.csr'),
    )

    const request = await readRequest(readFileSync(pathOf('own.csr'), 'utf8'))

    expect(request).toMatchObject({ algorithm: 'ec-p256', subject: 'CN=vcenter.example.org' })
  })

  it('reads our keys in their older forms', async () => {
    const ec = await generateKeyPair('ec-p384')
    const rsa = await generateKeyPair('rsa-2048')

    expect(
      await openssl('ec', '-in', put('sec1.pem', toSec1(ec.privateKey).reveal()), '-noout', '-check'),
    ).toMatch(/valid/)
    expect(
      await openssl('rsa', '-in', put('pkcs1.pem', toPkcs1(rsa.privateKey).reveal()), '-noout', '-check'),
    ).toMatch(/ok/)
    expect(publicKeyOf(toSec1(ec.privateKey))).toEqual(ec.publicKeySpki)
  })

  it.each(['ec-p256', 'rsa-2048'] as const)(
    'trusts a client certificate of our authority with a %s key, for clients only',
    async algorithm => {
      const authority = await createAuthority({ commonName: 'CCMUsersCA', algorithm, ...soon() })
      const { publicKeySpki } = await generateKeyPair('ec-p256')
      const pem = await authority.issueClient({
        okmsId: OKMS_ID,
        serialUuid: CREDENTIAL_ID,
        publicKeySpki,
        ...soon(),
      })

      const caFile = put(`ca-${algorithm}.pem`, authority.certificatePem)
      const file = put(`client-${algorithm}.pem`, `${pem}\n`)
      const text = await openssl('x509', '-in', file, '-noout', '-text')

      expect(await openssl('verify', '-x509_strict', '-CAfile', caFile, caFile)).toMatch(/OK/)
      expect(await openssl('verify', '-purpose', 'sslclient', '-CAfile', caFile, file)).toMatch(/OK/)
      await expect(openssl('verify', '-purpose', 'sslserver', '-CAfile', caFile, file)).rejects.toThrow(
        /unsuitable/i,
      )
      expect(text).toContain(
        `Subject Alternative Name: critical\n                othername: UPN::okms.domain:${OKMS_ID}\n`,
      )
      expect(text).toContain('Extended Key Usage: \n                TLS Web Client Authentication\n')
      expect(text.match(/X509v3 [A-Z].*:/g)).toHaveLength(2)
      expect(text).toContain(`Subject: CN = ${OKMS_ID}`)
      expect(await openssl('x509', '-in', file, '-noout', '-serial')).toBe(
        `serial=${CREDENTIAL_ID.replaceAll('-', '').toUpperCase()}\n`,
      )
    },
  )

  it('trusts a server certificate of our authority for its names and addresses', async () => {
    const authority = await createAuthority({
      commonName: 'Example Server CA',
      algorithm: 'ec-p384',
      ...soon(),
    })
    const { publicKeySpki } = await generateKeyPair('rsa-2048')
    const pem = await authority.issueServer({
      commonName: 'kmip.example.org',
      dnsNames: ['kmip.example.org'],
      ipAddresses: ['127.0.0.1', '::1'],
      publicKeySpki,
      ...soon(),
    })
    const caFile = put('server-ca.pem', authority.certificatePem)
    const file = put('server.pem', pem)
    const verify = (...about: string[]) =>
      openssl('verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', caFile, ...about, file)

    expect(await verify('-verify_hostname', 'kmip.example.org')).toMatch(/OK/)
    expect(await verify('-verify_ip', '127.0.0.1')).toMatch(/OK/)
    expect(await verify('-verify_ip', '::1')).toMatch(/OK/)
    await expect(verify('-verify_hostname', 'other.example.org')).rejects.toThrow(/mismatch/i)
  })

  it('prints the thumbprints that we print', async () => {
    const { certificatePem } = await createAuthority({
      commonName: 'CCMUsersCA',
      algorithm: 'ec-p256',
      ...soon(),
    })
    const file = put('thumbprint.pem', certificatePem)
    const { sha1, sha256 } = readCertificate(certificatePem)

    expect(await openssl('x509', '-in', file, '-noout', '-fingerprint')).toMatch(new RegExp(`=${sha1}\n$`))
    expect(await openssl('x509', '-in', file, '-noout', '-fingerprint', '-sha256')).toMatch(
      new RegExp(`=${sha256}\n$`),
    )
  })

  it('opens our PKCS#12 file without its legacy provider, and finds everything in it unchanged', async () => {
    const users = await createAuthority({ commonName: 'CCMUsersCA', algorithm: 'ec-p256', ...soon() })
    const servers = await createAuthority({ commonName: 'Example RSA CA', algorithm: 'rsa-2048', ...soon() })
    const privateKey = secretVector('keys/rsa-2048.pkcs8.pem')
    const certificatePem = await users.issueClient({
      okmsId: OKMS_ID,
      serialUuid: CREDENTIAL_ID,
      publicKeySpki: publicKeyOf(privateKey),
      ...soon(),
    })
    const passphrase = newPassphrase(randomBytes(32))
    const caPems = [users.certificatePem, servers.certificatePem]
    const p12 = put(
      'reader.p12',
      await createPkcs12({ privateKey, certificatePem, caPems, friendlyName: 'reader', passphrase }),
    )
    const open = (...what: string[]) =>
      openssl('pkcs12', '-in', p12, '-passin', `file:${put('pass', passphrase.reveal())}`, ...what)

    const info = await open('-info', '-noout')
    const leaf = await open('-nokeys', '-clcerts')
    const authorities = await open('-nokeys', '-cacerts')
    const key = await open('-nocerts', '-noenc')

    expect(info).toMatch(/MAC: sha256, Iteration 2048/)
    expect(info).toMatch(/PBES2, PBKDF2, AES-256-CBC, Iteration 2048, PRF hmacWithSHA256/)
    expect(leaf).toMatch(/friendlyName: reader/)
    expect(readCertificate(leaf)).toEqual(readCertificate(certificatePem))
    expect(authorities.match(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----\n/g)).toEqual(caPems)
    expect(key).toMatch(/friendlyName: reader/)
    expect(key.slice(key.indexOf('-----BEGIN'))).toBe(privateKey.reveal())
    expect(localKeyIdOf(leaf)).toBe(localKeyIdOf(key))
    await expect(openssl('pkcs12', '-in', p12, '-passin', 'pass:wrong', '-noout')).rejects.toThrow(
      /invalid password/,
    )
  })
})

const localKeyIdOf = (said: string) => /localKeyID: (.+)/.exec(said)?.[1]
