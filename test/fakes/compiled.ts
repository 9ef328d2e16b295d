/** Some tests start the compiled bot as a process of its own, so `dist/` must be what the sources say. Quick when it is. */
import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'

export function compile(): void {
  execFileSync('bash', [resolve(import.meta.dirname, '../../scripts/setup.sh')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}
