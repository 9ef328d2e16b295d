/** Some tests start the compiled bot as its own process, so `dist/` must be what the sources say. Quick when it is. */
import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'

export default function setup(): void {
  execFileSync('bash', [resolve(import.meta.dirname, '../scripts/setup.sh')], { stdio: ['ignore', 'ignore', 'inherit'] })
}
