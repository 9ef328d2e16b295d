/** The queue board on /queues (Bull Board), to look at only: behind a password, without one button that changes anything. */
import type { RequestListener } from 'node:http'
import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { ExpressAdapter } from '@bull-board/express'
import type { Log } from '../core/ports/log.js'
import { behindPassword, type Login } from './basic-auth.js'

/** A queue of the engine, as the board wants it. */
export type BoardQueue = ConstructorParameters<typeof BullMQAdapter>[0]

const PATH = '/queues'

/** The board is one page with scripts and styles of its own; its fonts from elsewhere are not fetched. */
const ITS_OWN = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Answers PATH and everything below it. Expects that only GET and HEAD come through, as the server sees to. */
export function createBoard(queues: readonly BoardQueue[], login: Login, log: Log): RequestListener {
  const adapter = new ExpressAdapter()
  adapter.setBasePath(PATH)
  createBullBoard({
    queues: queues.map(queue => {
      const shown = new BullMQAdapter(queue, { readOnlyMode: true, allowRetries: false })
      // Answers on their way to a person: names and addresses of the account, which are not for whoever minds the queues.
      shown.setFormatter('returnValue', () => 'not shown')
      return shown
    }),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'okms-bot', hideRedisDetails: true } },
  })
  const board: RequestListener & { set(name: string, value: unknown): unknown } = adapter.getRouter()
  // Without this a broken page shows where in our code it broke.
  board.set('env', 'production')
  board.set('x-powered-by', false)

  return behindPassword(
    login,
    (request, response) => {
      response.setHeader('content-security-policy', ITS_OWN)
      // As a framework that mounts it would: the board knows its pages without the path it hangs under.
      request.url = (request.url ?? PATH).slice(PATH.length).replace(/^(?!\/)/, '/')
      board(request, response)
    },
    log,
  )
}
