import { type CliContext, programName } from './cli-context.ts'
import { exitCodes } from './exit-codes.ts'

/** `slack-integrated-server 1.0.0 (3f2c1ab 2026-11-22, bun 1.4.5, linux-x64)` */
export async function runVersion({ build, bunVersion, platform, stdout }: CliContext): Promise<number> {
  const commit = build.date === undefined ? build.commit : `${build.commit} ${build.date}`
  stdout.write(`${programName} ${build.version} (${commit}, bun ${bunVersion}, ${platform})\n`)
  return exitCodes.done
}
