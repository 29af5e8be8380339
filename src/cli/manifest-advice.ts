import { type ParsedFlags, programName } from './cli-context.ts'
import { flagArguments, flagOptionsOf } from './option-flags.ts'
import { shellWord } from './shell-word.ts'
import { offerOptions } from './tool-options.ts'

/**
 * The command that prints the manifest for the tools of this very command line. Without its flags it would print that of fewer tools, and pasting
 * that takes scopes away instead of adding them.
 */
export function manifestCommand({ options, configPath, envFilePath }: ParsedFlags): string {
  const chosen = flagOptionsOf({ options: offerOptions }).flatMap((option) => {
    const text = options[option.key]
    return text === undefined ? [] : flagArguments(option, text)
  })
  const files = [
    ...(configPath === undefined ? [] : ['--config', configPath]),
    ...(envFilePath === undefined ? [] : ['--env-file', envFilePath]),
  ]
  return [programName, 'manifest', ...chosen, ...files].map(shellWord).join(' ')
}
