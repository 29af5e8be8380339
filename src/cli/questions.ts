import type { Keyboard } from './cli-context.ts'

/** What a person is asked, one thing after the other. */
export interface Questions {
  /** The answer without blanks around it; undefined where the person gave up (Ctrl-D, Ctrl-C). */
  ask(question: string, options?: { readonly isHidden?: boolean }): Promise<string | undefined>
  /** true for y and yes, false for everything else; undefined where the person gave up. */
  confirm(question: string): Promise<boolean | undefined>
}

export function createQuestions(keyboard: Keyboard, signal: AbortSignal): Questions {
  const ask = async (question: string, { isHidden = false }: { readonly isHidden?: boolean } = {}) => {
    return (await keyboard.readLine({ question: `${question} `, isHidden, signal }))?.trim()
  }
  return {
    ask,
    async confirm(question) {
      const answer = await ask(`${question} [y/N]`)
      return answer === undefined ? undefined : /^y(es)?$/i.test(answer)
    },
  }
}
