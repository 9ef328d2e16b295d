/** `npm run sandbox`: the stand-in OVHcloud alone. One JSON line on standard output when ready; SIGINT or SIGTERM stop it. */
import { runSandbox } from './cli.js'

const running = await runSandbox({ environment: process.env, stdout: process.stdout, stderr: process.stderr })
if (typeof running === 'number') {
  process.exitCode = running
} else {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => running.close())
}
