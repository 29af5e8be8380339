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
    readLine: ({ question, isHidden, signal }) =>
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
        const show = (echo: string) => {
          if (!isHidden && echo !== '') output.write(echo)
        }
        const take = (text: string | undefined) => {
          const typed = text === undefined ? ({ kind: 'ended' } as const) : editor.push(text)
          switch (typed.kind) {
            case 'open':
              show(typed.echo)
              break
            case 'done':
              show(typed.echo)
              finish(typed.line)
              break
            case 'ended':
              finish(undefined)
              break
            case 'interrupted':
              // The signal comes back through `onSignal`, after whoever listens longer has heard it.
              input.interrupt()
          }
        }
        // A process that is told to end must not leave the terminal without an echo.
        const stopHearing = onSignal(giveUp)
        // First: what is typed before would be shown by the terminal itself.
        input.setRaw(true)
        output.write(question)
        const stopListening = input.listen(take)
        signal.addEventListener('abort', giveUp, { once: true })
        if (signal.aborted) giveUp()
      }),
  }
}
