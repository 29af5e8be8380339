import { AppError } from '../base/errors.ts'
import type { ConfigProblem } from '../config/config-problem.ts'
import { optionOf } from '../config/option-names.ts'
import type { Config, OptionKey } from '../config/option-table.ts'
import { planReload } from '../config/reload-config.ts'
import { callFailureLine } from './call-failure.ts'
import type { CliContext, ParsedFlags } from './cli-context.ts'
import { loadCommandConfig } from './command-config.ts'
import type { ServerProcess } from './server-process.ts'
import type { ServiceNotifier } from './service-notifier.ts'

export interface ReloadDeps {
  readonly context: CliContext
  readonly flags: ParsedFlags
  /** What the process was started with. */
  readonly config: Config
  readonly running: Pick<ServerProcess, 'log' | 'adoptLog'> & {
    readonly server: Pick<ServerProcess['server'], 'reconfigure' | 'keepConfiguration'>
  }
  readonly notifier: Pick<ServiceNotifier, 'reloading' | 'reloaded'>
  /** What the service manager shows where nothing is wrong. */
  readonly status: string
}

/**
 * Returns what reads the configuration again from where it came from (flags and environment are what they were) and puts into effect what can be
 * changed while the server runs. What cannot be used changes nothing, and the log names every problem.
 */
export function createReload(deps: ReloadDeps): () => void {
  let { config } = deps
  const { running, notifier, status } = deps
  return () => {
    notifier.reloading()
    const next = loadNext(config, deps)
    if (next === undefined) running.server.keepConfiguration()
    else config = next
    notifier.reloaded(next === undefined ? `${status}; the last reload was refused, see the log` : status)
  }
}

/** The configuration that is in effect now; undefined where it is still `config`, because the new one was refused. */
function loadNext(config: Config, { context, flags, running }: ReloadDeps): Config | undefined {
  const { server, log, adoptLog } = running
  const plan = planReload(config, loadCommandConfig(context, flags, { purpose: 'serve' }), 'serve')
  if (plan.kind === 'refused') {
    for (const problem of plan.problems) log.error('config_problem_found', asFields(problem))
    log.error('config_reload_refused', { problems: plan.problems.length, advice: refusedAdvice })
    return undefined
  }
  try {
    // Before anything of the new configuration can be written.
    adoptLog(plan.config)
    server.reconfigure(plan.config)
  } catch (error) {
    adoptLog(config)
    const problem = error instanceof AppError ? callFailureLine(error) : undefined
    log.error('config_reload_refused', { problem, error, advice: refusedAdvice })
    return undefined
  }
  log.info('config_reloaded', { changed: plan.changed.map(nameOf) })
  if (plan.waiting.length > 0)
    log.warn('config_restart_needed', { options: plan.waiting.map(nameOf), advice: waitingAdvice })
  return plan.config
}

const refusedAdvice =
  'The configuration read before stays in effect. Correct the problems and reload again; "config check" says whether it is right.'
const waitingAdvice = 'These take effect at the next start.'

/** As the documents list it: the variable, or the key of the file where there is none. */
function nameOf(key: OptionKey): string {
  const { env, row, fileKey } = optionOf(key)
  return env ?? `[${row.group}] ${fileKey}`
}

function asFields({ subject, message, from, hint }: ConfigProblem) {
  return { option: subject, problem: message, from, hint }
}

/** Where reloads are asked for: one asked for before the server serves is done when it does, and none once it stops. */
export interface ReloadDesk {
  ask(): void
  open(reload: () => void): void
  close(): void
}

export function createReloadDesk(): ReloadDesk {
  let isAsked = false
  let reload: (() => void) | undefined
  return {
    ask() {
      if (reload === undefined) isAsked = true
      else reload()
    },
    open(ready) {
      reload = ready
      if (isAsked) ready()
    },
    close() {
      reload = () => undefined
    },
  }
}
