import { expect, test } from 'bun:test'
import { Waiters } from '../../../src/base/waiters.ts'
import { settle } from '../../support/fake-clock.ts'

test('lets go on everybody who waits, once, and who comes later waits for the next time', async () => {
  const waiters = new Waiters()
  const gone: string[] = []
  const wait = (name: string) => void waiters.next().then(() => gone.push(name))
  waiters.release()
  for (const name of ['a', 'b']) wait(name)
  await settle()
  expect(gone).toEqual([])
  waiters.release()
  wait('c')
  await settle()
  expect(gone).toEqual(['a', 'b'])
  waiters.release()
  await settle()
  expect(gone).toEqual(['a', 'b', 'c'])
})
