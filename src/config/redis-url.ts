/**
 * Where Redis is. `redis://` and `rediss://` are the registered forms (https://www.iana.org/assignments/uri-schemes/prov/redis);
 * Sentinel and Cluster have no common form, ours lists their nodes with commas.
 */
import type { Secret } from '../core/secret.js'
import type { Source } from './source.js'

const SHAPE =
  /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^/?#@]+)(?:\/([^/?#]*))?(?:\/([^/?#]*))?$/
const HOST = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])$/i

/** The address, boxed, as it may hold a password. */
export function readRedisUrl(source: Source): Secret | undefined {
  const url = source.secret('REDIS_URL')
  if (!source.has('REDIS_URL')) source.wrong('REDIS_URL', 'is missing')
  const problem = url && redisUrlProblem(url.reveal())
  if (problem) source.wrong('REDIS_URL', problem)
  return url
}

/** What is wrong with the address, continuing "REDIS_URL …", without a word of it, since it may hold a password. `null`: nothing. */
export function redisUrlProblem(url: string): string | null {
  if (/[?#]/.test(url))
    return 'has options after ? or #, which are not read; a password with such a letter is written %3F or %23'
  const match = SHAPE.exec(url)
  if (!match) return 'is not an address of Redis'
  const [, , kind, userInfo, hosts, first, second] = match
  if (userInfo !== undefined && !isDecodable(userInfo))
    return 'has a % in user or password that is not written %25'
  const wrongHost = hosts!.split(',').findIndex(host => !isHostAndPort(host))
  if (wrongHost >= 0) return `has no valid host and port at position ${wrongHost + 1}`
  if (kind === undefined && hosts!.includes(','))
    return 'lists several hosts, which needs redis+sentinel:// or redis+cluster://'
  if (kind === 'sentinel') {
    if (!first) return 'does not name the master that the Sentinels watch'
    return second === undefined || isDatabase(second)
      ? null
      : 'has something else than a number of a database at its end'
  }
  if (second !== undefined) return 'has too many slashes'
  if (kind === 'cluster')
    return first === undefined ? null : 'names a database, which Redis Cluster does not have'
  return !first || isDatabase(first) ? null : 'has something else than a number of a database at its end'
}

const isDatabase = (text: string) => /^\d{1,5}$/.test(text)

function isHostAndPort(text: string): boolean {
  const match = /^(.+?)(?::(\d{1,5}))?$/.exec(text)
  if (!match || !HOST.test(match[1]!)) return false
  return match[2] === undefined || (Number(match[2]) >= 1 && Number(match[2]) <= 65_535)
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
