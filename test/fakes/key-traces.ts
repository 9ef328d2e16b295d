/** Everything by which a private key could be recognised on a wire, on a disk or in a log: its PEM lines and its secret numbers in three spellings. */
import { createPrivateKey } from 'node:crypto'

export function tracesOfKey(pem: string): Buffer[] {
  const jwk = createPrivateKey(pem).export({ format: 'jwk' })
  const secrets = [jwk.d, jwk.p, jwk.q]
    .filter(part => part !== undefined)
    .map(part => Buffer.from(part, 'base64url'))
  const lines = pem.split('\n').filter(line => /^[A-Za-z0-9+/=]{32,}$/.test(line))
  return [
    // Not from the edges: base64 elsewhere need not begin at the same byte.
    ...lines.map(line => Buffer.from(line.slice(4, 36))),
    ...secrets,
    ...secrets.map(secret => Buffer.from(secret.toString('hex'))),
    ...secrets.map(secret => Buffer.from(secret.toString('base64').slice(0, 40))),
  ]
}
