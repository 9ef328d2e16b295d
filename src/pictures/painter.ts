/**
 * Draws SVG as PNG with resvg, off the event loop but for the last few milliseconds. The font comes along: containers have none.
 * Implements ports/painter.ts.
 */
import { createRequire } from 'node:module'
import type { Log } from '../core/ports/log.js'
import type { Painter } from '../core/ports/painter.js'
import { describeHorizon, encodeHorizon, FONT_FAMILY } from './horizon.js'

/** What Slack and Discord both take as the description of a picture. */
const LONGEST_ALT = 1000

export function createPainter(log: Log): Painter {
  return {
    async draw(horizon) {
      try {
        // Here and not above: on a machine that resvg has no build for, the bot goes without pictures.
        const { renderAsync } = await import('@resvg/resvg-js')
        const font = createRequire(import.meta.url).resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf')
        const drawn = await renderAsync(encodeHorizon(horizon), {
          font: { loadSystemFonts: false, fontFiles: [font], defaultFontFamily: FONT_FAMILY },
        })
        return { name: horizon.fileName, bytes: drawn.asPng(), alt: describeHorizon(horizon, LONGEST_ALT) }
      } catch (error) {
        log.warn('a picture could not be drawn', { name: horizon.fileName, reason: String(error) })
        return null
      }
    },
  }
}
