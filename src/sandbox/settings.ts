/** The environment of `npm run sandbox`: four ports. */
import { BotError } from '../core/errors.js'
import type { SandboxOptions } from './sandbox.js'

/** HTTP, HTTPS, and KMIP as OVHcloud's regions have it: 5696 with EC, 5697 with RSA certificates. */
const PORTS = {
  port: { name: 'SANDBOX_PORT', fallback: 8080 },
  tlsPort: { name: 'SANDBOX_TLS_PORT', fallback: 8443 },
  kmipPort: { name: 'SANDBOX_KMIP_PORT', fallback: 5696 },
  kmipRsaPort: { name: 'SANDBOX_KMIP_RSA_PORT', fallback: 5697 },
} as const

/** @throws BotError `input.invalid`, one sentence with every wrong setting */
export function readSettings(environment: NodeJS.ProcessEnv): SandboxOptions {
  const wrong: string[] = []
  const read = ({ name, fallback }: { name: string; fallback: number }): number => {
    const text = environment[name]?.trim()
    if (text === undefined || text === '') return fallback
    if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
    wrong.push(`${name} is "${text}"`)
    return fallback
  }
  const settings = {
    port: read(PORTS.port),
    tlsPort: read(PORTS.tlsPort),
    kmipPort: read(PORTS.kmipPort),
    kmipRsaPort: read(PORTS.kmipRsaPort),
  }
  if (wrong.length > 0) {
    throw new BotError('input.invalid', `${wrong.join(' and ')}, but a port from 0 to 65535 is expected.`, {
      hint: `For example ${PORTS.port.name}=8080; 0 takes any free one.`,
    })
  }
  return settings
}
