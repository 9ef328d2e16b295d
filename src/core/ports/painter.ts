/** Pictures beside replies. Implemented by src/pictures; called by the platforms, where a reply is sent. */
import type { Horizon, Reply } from '../reply.js'

export interface Picture {
  name: string
  /** PNG. */
  bytes: Buffer
  /** The same facts for those who cannot see it; at most 1000 characters. */
  alt: string
}

export interface Painter {
  /** `null` when it cannot be drawn: the table beside it says the same. Never throws. */
  draw(horizon: Horizon): Promise<Picture | null>
}

/** What goes with a reply, drawn now. */
export async function pictureFor(reply: Reply, painter: Painter): Promise<Picture | null> {
  return reply.kind === 'table' && reply.horizon ? painter.draw(reply.horizon) : null
}
