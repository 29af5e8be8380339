import { join } from 'node:path'

/** How long the killing goes on: until both are reached. */
export interface KillGoal {
  readonly rounds: number
  /** Events acknowledged. Default 0. */
  readonly events?: number
}

/** No bound is met, whatever is acknowledged: what leaves to make room would count as lost. */
export const boundless = { eventsMax: 100_000_000, bytesMax: 1024 ** 4 } as const

/** The longest time that a process is left at work, milliseconds. Kills come at any moment of it, the first included. */
export const lifeMaxMs = 250

/**
 * One life of test/support/queue-publisher.ts: starts, works, and is ended by `kill`, which is called once it is ready. The whole lines that it said.
 * `round` tells its ids from those of the lives before.
 */
export async function liveAndDie(
  options: object,
  round: number,
  kill: (child: Bun.Subprocess) => Promise<void>,
): Promise<readonly string[]> {
  const args = [JSON.stringify(options), `r${round}`, `r${round - 1}`]
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'queue-publisher.ts'), ...args], {
    stdout: 'pipe',
    stderr: 'pipe',
  })
  let text = ''
  let death: Promise<void> | undefined
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk
    if (death === undefined && text.startsWith('ready\n')) death = kill(child)
  }
  await child.exited
  if (death === undefined) {
    throw new Error(`The process ended by itself: ${await new Response(child.stderr).text()}`)
  }
  await death
  return text.slice(0, text.lastIndexOf('\n')).split('\n')
}
