import { Secret } from '../base/secret.ts'
import type { ConfigProblem } from './config-problem.ts'
import type { LoadedConfig } from './load-config.ts'
import { namedOptions, optionOf, subjectOf } from './option-names.ts'
import { brokenRules, type ConfigPurpose } from './option-rules.ts'
import type { Config, OptionKey } from './option-table.ts'

/** What a configuration that was read again means for the process that runs with an older one. */
export type ReloadPlan =
  /** Nothing of it takes effect. */
  | { readonly kind: 'refused'; readonly problems: readonly ConfigProblem[] }
  | {
      readonly kind: 'accepted'
      /** The new values of what a reload can change, with the running values of the rest. */
      readonly config: Config
      /** What differs from the running configuration, and takes effect. */
      readonly changed: readonly OptionKey[]
      /** What differs, and takes effect at the next start. */
      readonly waiting: readonly OptionKey[]
    }

/**
 * Compares the running configuration with one that was loaded again. What would take effect is judged by the rules between options once more, since it
 * is a mixture that no source holds: a new value may contradict a running one that only a restart can change.
 */
export function planReload(running: Config, loaded: LoadedConfig, purpose: ConfigPurpose): ReloadPlan {
  if (loaded.config === undefined) return { kind: 'refused', problems: loaded.problems }
  const read = loaded.config
  const differing = namedOptions.filter(({ key }) => !isSame(running[key], read[key]))
  const taken = differing.filter(({ row }) => row.reloads === true)
  const config = withValues(
    running,
    read,
    taken.map(({ key }) => key),
  )
  const broken = brokenRules(config, purpose)
  if (broken.length > 0) {
    const problems = broken.map(({ concerns: [key], message, hint }) => ({
      subject: subjectOf(optionOf(key)),
      message: `${message}, and the rest of the change takes effect at the next start only`,
      hint: hint ?? 'Restart instead of reloading.',
    }))
    return { kind: 'refused', problems }
  }
  const waiting = differing.filter(({ row }) => row.reloads !== true)
  return {
    kind: 'accepted',
    config,
    changed: taken.map(({ key }) => key),
    waiting: waiting.map(({ key }) => key),
  }
}

/** Each value keeps its key, and so its type. */
function withValues(running: Config, read: Config, keys: readonly OptionKey[]): Config {
  return { ...running, ...Object.fromEntries(keys.map((key) => [key, read[key]])) }
}

/** Whether two decoded values are alike; secrets are, where they are the same text. */
function isSame(one: unknown, other: unknown): boolean {
  if (one instanceof Secret || other instanceof Secret)
    return one instanceof Secret && other instanceof Secret && one.reveal() === other.reveal()
  if (!isRecord(one) || !isRecord(other)) return Object.is(one, other)
  const keys = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...keys].every((key) => isSame(one[key], other[key]))
}

/** Lists too: their keys are their places. */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
