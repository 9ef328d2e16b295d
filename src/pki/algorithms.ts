/**
 * The key algorithms the bot makes and accepts, one row each. Leaves out Ed25519 and P-521: vSphere's KMIP client takes neither.
 * Nothing below this table names an algorithm.
 */

export type KeyAlgorithmId = 'rsa-2048' | 'rsa-3072' | 'rsa-4096' | 'ec-p256' | 'ec-p384'

interface Row {
  id: KeyAlgorithmId
  /** As people read it. */
  label: string
  /** How WebCrypto reads a key of this row. */
  importAs: { name: string; hash?: string; namedCurve?: string }
  /** How the bot signs with it. */
  signWith: { name: string; hash: string }
  source: string
}

export interface RsaAlgorithm extends Row {
  family: 'rsa'
  modulusBits: number
}

export interface EcAlgorithm extends Row {
  family: 'ec'
  /** OpenSSL's name of the curve, which Node uses too. */
  curve: string
  /** Length of its SubjectPublicKeyInfo with the curve by name and the point uncompressed, the one form RFC 5480 §2 makes all readers know. */
  spkiBytes: number
}

export type KeyAlgorithm = RsaAlgorithm | EcAlgorithm

function rsa(id: KeyAlgorithmId, modulusBits: number): RsaAlgorithm {
  const name = 'RSASSA-PKCS1-v1_5'
  const hash = 'SHA-256'
  const source = 'CA/Browser Forum Baseline Requirements §6.1.5; RFC 8017 §8.2'
  return {
    id,
    label: `RSA ${modulusBits}`,
    family: 'rsa',
    modulusBits,
    importAs: { name, hash },
    signWith: { name, hash },
    source,
  }
}

function ec(
  id: KeyAlgorithmId,
  namedCurve: string,
  curve: string,
  spkiBytes: number,
  hash: string,
): EcAlgorithm {
  const name = 'ECDSA'
  const source = 'CA/Browser Forum Baseline Requirements §6.1.5 and §7.1.3.2.2; RFC 5480 §2.1.1.1'
  return {
    id,
    label: `EC ${namedCurve}`,
    family: 'ec',
    curve,
    spkiBytes,
    importAs: { name, namedCurve },
    signWith: { name, hash },
    source,
  }
}

const ROWS: Readonly<Record<KeyAlgorithmId, KeyAlgorithm>> = {
  'rsa-2048': rsa('rsa-2048', 2048),
  'rsa-3072': rsa('rsa-3072', 3072),
  'rsa-4096': rsa('rsa-4096', 4096),
  'ec-p256': ec('ec-p256', 'P-256', 'prime256v1', 91, 'SHA-256'),
  'ec-p384': ec('ec-p384', 'P-384', 'secp384r1', 120, 'SHA-384'),
}

export const ALGORITHMS: readonly KeyAlgorithm[] = Object.values(ROWS)

export const algorithm = (id: KeyAlgorithmId): KeyAlgorithm => ROWS[id]

/** An RSA public exponent is odd and 3 or more (CA/Browser Forum Baseline Requirements §6.1.6). */
export const isGoodExponent = (exponent: bigint): boolean => exponent >= 3n && exponent % 2n === 1n

/**
 * The AlgorithmIdentifiers that a request somebody else made may be signed with, DER in hex (RFC 4055 §5, RFC 5758 §3.2). SHA-1 is among
 * them: the signature only shows that whoever made the request held the key, nobody trusts it afterwards, and older tools and the sample
 * of OVHcloud's own guide still use it.
 */
export const REQUEST_SIGNATURES: ReadonlySet<string> = new Set([
  '300d06092a864886f70d0101050500', // RSA with SHA-1
  '300d06092a864886f70d01010b0500', // RSA with SHA-256
  '300d06092a864886f70d01010c0500', // RSA with SHA-384
  '300d06092a864886f70d01010d0500', // RSA with SHA-512
  '300906072a8648ce3d0401', // ECDSA with SHA-1
  '300a06082a8648ce3d040302', // ECDSA with SHA-256
  '300a06082a8648ce3d040303', // ECDSA with SHA-384
  '300a06082a8648ce3d040304', // ECDSA with SHA-512
])
