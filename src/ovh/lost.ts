/** Calls without an answer: not reached, cut, too late, called off. One sentence for each; `details.sent` says whether anything left. */
import { BotError } from '../core/errors.js'

export interface Attempted {
  method: string
  origin: string
  path: string
}

export type Loss = { timeoutMs: number } | { error: unknown }

const NAME_UNKNOWN = ['ENOTFOUND', 'EAI_AGAIN', 'ENODATA', 'EAI_NODATA']
const NO_ROUTE = ['EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL']
const TLS_TRUST =
  /^(UNABLE_TO|CERT_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH)/

/** @param sent whether bytes of the call may have reached the other side */
export function lostCall(call: Attempted, sent: boolean, loss: Loss): BotError {
  const host = new URL(call.origin).host
  const details = { method: call.method, path: withoutQuery(call.path), sent }
  if ('timeoutMs' in loss) {
    return new BotError('ovh.unreachable', `No answer from ${host} within ${loss.timeoutMs / 1000} s.`, {
      details: { ...details, cause: 'timeout' },
    })
  }
  const code = codeOf(loss.error)
  const options = { details: { ...details, cause: code }, cause: loss.error }
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') {
    return new BotError(
      'ovh.unexpected',
      `The answer of ${host} is far larger than any that is documented.`,
      options,
    )
  }
  return new BotError('ovh.unreachable', sentence(host, code, sent), options)
}

export function calledOff(call: Attempted, sent: boolean): BotError {
  const host = new URL(call.origin).host
  return new BotError('ovh.unreachable', `The call to ${host} was called off before an answer came.`, {
    details: { method: call.method, path: withoutQuery(call.path), sent, cause: 'aborted' },
  })
}

export function withoutQuery(path: string): string {
  const end = path.indexOf('?')
  return end < 0 ? path : path.slice(0, end)
}

function sentence(host: string, code: string, sent: boolean): string {
  if (NAME_UNKNOWN.includes(code)) return `The name ${host} cannot be resolved (${code}).`
  if (code === 'ECONNREFUSED') return `Nobody listens at ${host} (connection refused).`
  if (NO_ROUTE.includes(code)) return `There is no way from here to ${host} (${code}).`
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT')
    return `${host} did not take the connection in time.`
  if (TLS_TRUST.test(code)) return `The TLS certificate of ${host} is not to be trusted (${code}).`
  if (code.startsWith('ERR_SSL') || code === 'EPROTO')
    return `No TLS connection to ${host} could be made (${code}).`
  if (sent) return `${host} cut the connection before its answer was complete (${code}).`
  return `${host} cannot be reached (${code}).`
}

/** undici and the system name their failures; several addresses tried at once fail with a list. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code
  return error instanceof Error ? error.name : 'unknown'
}
