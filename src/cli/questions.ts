import type { Keyboard } from './cli-context.ts'

/** What a person is asked, one thing after the other. */
export interface Questions {
  /** The answer without blanks around it; undefined where the person gave up (Ctrl-D, Ctrl-C). */
  ask(question: string, options?: { readonly isHidden?: boolean }): Promise<string | undefined>
  /** true for y and yes; everything else, and giving up, is no. */
  confirm(question: string): Promise<boolean>
}

export function createQuestions(keyboard: Keyboard, signal: AbortSignal): Questions {
  const ask = async (question: string, { isHidden = false }: { readonly isHidden?: boolean } = {}) => {
    return (await keyboard.readLine({ question: `${question} `, isHidden, signal }))?.trim()
  }
  return {
    ask,
    confirm: async (question) => /^y(es)?$/i.test((await ask(`${question} [y/N]`)) ?? ''),
  }
}
