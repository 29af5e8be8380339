import type { CliContext, Keyboard, Output } from './cli-context.ts'
import { LineEditor } from './line-editor.ts'

/** A terminal's input, as the runtime gives it. */
export interface RawInput {
  /** Raw: every key as it is pressed, nothing shown by the terminal itself, Ctrl-C as a key. */
  setRaw(isRaw: boolean): void
  /** Calls `listener` with what is typed, `undefined` at the end; returns how to stop. */
  listen(listener: (text: string | undefined) => void): () => void
  /** Tells this process what Ctrl-C would have. */
  interrupt(): void
}

/** Reads lines from a terminal and puts it back as it was after each. Questions go to `output`, so that what a command prints can be piped. */
export function createKeyboard(input: RawInput, output: Output, onSignal: CliContext['onSignal']): Keyboard {
  return {
    readLine: ({ isHidden, signal }) =>
      new Promise((resolve) => {
        const editor = new LineEditor()
        const finish = (line: string | undefined) => {
          stopListening()
          stopHearing()
          signal.removeEventListener('abort', giveUp)
          input.setRaw(false)
          output.write('\n')
          resolve(line)
        }
        const giveUp = () => finish(undefined)
        const take = (text: string | undefined) => {
          const typed = text === undefined ? ({ kind: 'ended' } as const) : editor.push(text)
          switch (typed.kind) {
            case 'open':
              if (!isHidden) output.write(typed.echo)
              break
            case 'done':
              finish(typed.line)
              break
            case 'ended':
              finish(undefined)
              break
            case 'interrupted':
              finish(undefined)
              input.interrupt()
          }
        }
        // A process that is told to end must not leave the terminal without an echo.
        const stopHearing = onSignal(giveUp)
        input.setRaw(true)
        const stopListening = input.listen(take)
        signal.addEventListener('abort', giveUp, { once: true })
        if (signal.aborted) giveUp()
      }),
  }
}
