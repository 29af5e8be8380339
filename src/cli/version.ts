import { type CliContext, type ParsedFlags, programName } from './cli-context.ts'
import { exitCodes } from './exit-codes.ts'

/** `slack-integrated-server 1.0.0 (3f2c1ab 2026-11-22, bun 1.4.5, linux-x64-musl)`, or the same for programs. Without `flags`: as --version says it. */
export async function runVersion(
  { build, bunVersion, platform, stdout }: CliContext,
  flags?: ParsedFlags,
): Promise<number> {
  const { version, commit, date, target = platform } = build
  if (flags?.own['json'] === true) {
    const facts = { name: programName, version, commit, date: date ?? null, bun: bunVersion, target }
    stdout.write(`${JSON.stringify(facts, undefined, 2)}\n`)
    return exitCodes.done
  }
  const source = date === undefined ? commit : `${commit} ${date}`
  stdout.write(`${programName} ${version} (${source}, bun ${bunVersion}, ${target})\n`)
  return exitCodes.done
}
