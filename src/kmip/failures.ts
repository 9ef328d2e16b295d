/** What can go wrong with a TLS endpoint, one sentence each. Codes: Node.js "Errors" and OpenSSL's reasons as Node names them (`ERR_SSL_…`). */
import { BotError } from '../core/errors.js'

/** How far a connection had come. */
export type Phase = 'connecting' | 'handshaking' | 'asking'

export interface Circumstances {
  /** `host:port`, with the address where it differs. */
  where: string
  phase: Phase
  /** Whether a client certificate was shown, so that a closed door may mean "not with this one". */
  hasShownCertificate: boolean
}

export function unresolved(host: string, code: string): BotError {
  const message =
    code === 'EAI_AGAIN' || code === 'ETIMEOUT'
      ? `The name ${host} could not be looked up, because no name server answered.`
      : `The name ${host} has no IPv4 address.`
  return new BotError('endpoint.unreachable', message, { details: { host, cause: code } })
}

export function tooLate(at: Circumstances, timeoutMs: number): BotError {
  const within = `within ${Math.round(timeoutMs / 100) / 10} s`
  const sentences: Record<Phase, string> = {
    connecting: `${at.where} did not answer ${within}.`,
    handshaking: `${at.where} took the connection but did not finish the TLS handshake ${within}.`,
    asking: `${at.where} finished the TLS handshake but did not answer the KMIP request ${within}.`,
  }
  return new BotError('endpoint.unreachable', sentences[at.phase], {
    details: { phase: at.phase, cause: 'timeout' },
  })
}

/** A failed or ended connection. The private key cannot be in `error`: it never leaves the TLS library. */
export function broken(at: Circumstances, error: unknown): BotError {
  const code = codeOf(error)
  const options = { details: { phase: at.phase, cause: code }, cause: error }
  const alert = alertOf(code)
  if (alert !== null) {
    const message = at.hasShownCertificate
      ? `${at.where} refused the client certificate: ${alert}.`
      : `${at.where} refused the TLS connection: ${alert}.`
    return new BotError('endpoint.refused', message, options)
  }
  if (NOT_TLS.includes(code))
    return new BotError('endpoint.refused', `${at.where} answers, but not with TLS.`, options)
  if (code.startsWith('ERR_SSL')) {
    return new BotError(
      'endpoint.refused',
      `No TLS connection to ${at.where} could be agreed on (${code}).`,
      options,
    )
  }
  if (at.phase === 'connecting')
    return new BotError('endpoint.unreachable', neverConnected(at.where, code), options)
  if (at.hasShownCertificate) {
    const message = `${at.where} closed the connection on seeing the client certificate.`
    return new BotError('endpoint.refused', message, options)
  }
  return new BotError(
    'endpoint.unreachable',
    `${at.where} closed the connection in the middle of the TLS handshake.`,
    options,
  )
}

/** What servers without TLS look like to a TLS client: their first bytes are no record. */
const NOT_TLS = [
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
  'ERR_SSL_UNKNOWN_PROTOCOL',
  'ERR_SSL_RECORD_TOO_SMALL',
]

function neverConnected(where: string, code: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return `Nobody listens at ${where} (connection refused).`
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `There is no way from here to ${where}.`
    case 'ETIMEDOUT':
      return `${where} did not answer.`
    default:
      return `${where} cannot be reached (${code}).`
  }
}

/** The words of an alert: `ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED` says "certificate required". */
function alertOf(code: string): string | null {
  const words =
    /^ERR_SSL_\w*?ALERT_(?:NUMBER_)?(\w+)$/.exec(code)?.[1] ??
    /^ERR_SSL_TLSV1_(UNRECOGNIZED_NAME)$/.exec(code)?.[1]
  return words === undefined ? null : words.toLowerCase().replaceAll('_', ' ')
}

function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code
  return error instanceof Error ? error.name : 'closed'
}
