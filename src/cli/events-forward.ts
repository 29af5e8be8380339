import type { CliContext, ParsedFlags } from './cli-context.ts'
import { requireConfig } from './command-config.ts'
import { CommandFailure } from './command-failure.ts'
import { asJsonLine, isForPrograms } from './event-lines.ts'
import { connectServer } from './events-access.ts'
import { createRemoteDesk } from './events-remote.ts'
import { exitCodes } from './exit-codes.ts'
import { interruptible } from './interruptible.ts'

/** Goes on forwarding in the running server, after its endpoint answered 410. 1 where that server forwards nothing. */
export async function runForwardResume(context: CliContext, flags: ParsedFlags): Promise<number> {
  const { config } = requireConfig(context, flags, { purpose: 'print' })
  return await interruptible(context, async (signal) => {
    const client = await connectServer(context, flags, { config, signal })
    const resumed = await createRemoteDesk(client).resumeForwarding()
    if (resumed === undefined)
      throw new CommandFailure(`${client.url} forwards nothing: it has no FORWARD_URL`, {
        exitCode: exitCodes.failed,
      })
    const says = resumed ? 'Forwarding goes on.\n' : 'Forwarding was not paused.\n'
    context.stdout.write(isForPrograms(context, flags) ? asJsonLine({ resumed }) : says)
    return exitCodes.done
  })
}
