/** Tells of calls that write, once each is over: for the audit trail. What was sent and what came back stays untold. */
import { BotError } from '../core/errors.js'
import { idsIn, routeOf } from './route.js'

export interface OvhWrite {
  /** `POST /v2/okms/resource/{id}/credential` */
  route: string
  /** What stands in the places of `{id}`. */
  ids: string[]
  /** `ok`, or the code of the failure. */
  outcome: string
  /** `null`: no answer came, or the call never left. */
  status: number | null
  queryId: string | null
}

interface Asked {
  method: string
  path: string
  retry?: 'safe' | 'never'
}

/** A call that may be repeated though it is no GET changes nothing. */
const writes = ({ method, retry }: Asked) => method !== 'GET' && retry !== 'safe'

export async function telling<A extends Pick<OvhWrite, 'queryId'> & { status: number }>(
  tell: ((call: OvhWrite) => void) | undefined,
  asked: Asked,
  act: () => Promise<A>,
): Promise<A> {
  if (!tell || !writes(asked)) return act()
  const call = { route: routeOf(asked.method, asked.path), ids: idsIn(asked.path) }
  try {
    const answer = await act()
    tell({ ...call, outcome: 'ok', status: answer.status, queryId: answer.queryId })
    return answer
  } catch (thrown) {
    const { code, details } = BotError.from(thrown)
    const { status, queryId } = details
    tell({
      ...call,
      outcome: code,
      status: typeof status === 'number' ? status : null,
      queryId: typeof queryId === 'string' ? queryId : null,
    })
    throw thrown
  }
}
