import { afterEach, beforeEach, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What scripts/setup.sh does on a machine that has no Bun, another one, or the right one: with a PATH of the test's own making. */

const setup = new URL('../../scripts/setup.sh', import.meta.url).pathname
const version = '9.9.9'

let root: string
let path: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'setup-'))
  path = join(root, 'bin')
  mkdirSync(path)
  writeFileSync(join(root, 'package.json'), `{ "packageManager": "bun@${version}" }\n`)
  for (const tool of ['sh', 'sed', 'mkdir', 'rm', 'mv', 'dirname', 'uname', 'cat', 'chmod']) {
    const found = Bun.which(tool)
    if (found !== null) symlinkSync(found, join(path, tool))
  }
})
afterEach(() => rmSync(root, { recursive: true }))

function addProgram(name: string, script: string): void {
  writeFileSync(join(path, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(path, name), 0o755)
}

const bunOf = (said: string) => `#!/bin/sh\necho ${said}\n`

/** An npm that notes what it is asked and puts `binary` where the package of Bun has its own. */
function addNpm(binary: string, mode = '755'): void {
  writeFileSync(join(root, 'binary'), binary)
  addProgram(
    'npm',
    `echo "$*" >> "${root}/asked"
mkdir -p "$3/node_modules/bun/bin"
cat "${root}/binary" > "$3/node_modules/bun/bin/bun.exe"
chmod ${mode} "$3/node_modules/bun/bin/bun.exe"`,
  )
}

const asked = () => (existsSync(join(root, 'asked')) ? readFileSync(join(root, 'asked'), 'utf8') : '')

/** The Bun that the scripts would run. */
async function getBun() {
  const child = Bun.spawn(
    [join(path, 'sh'), '-euc', `root=$1; . "$2"; get_bun; echo "$bun"`, 'sh', root, setup],
    {
      env: { PATH: path },
      stdout: 'pipe',
      stderr: 'pipe',
    },
  )
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()])
  return { code: await child.exited, bun: stdout.trim(), stderr }
}

const cached = () => join(root, '.cache/bun', version, 'bun')

test('the pinned Bun on the PATH is used as it is', async () => {
  addProgram('bun', `echo ${version}`)
  addNpm(bunOf(version))
  expect(await getBun()).toEqual({ code: 0, bun: join(path, 'bun'), stderr: '' })
  expect(asked()).toBe('')
})

test('without Bun, or with another one, the pinned one is fetched by npm, once', async () => {
  addNpm(bunOf(version))
  const first = await getBun()
  expect([first.code, first.bun]).toEqual([0, cached()])
  expect(asked()).toContain(`bun@${version}`)
  addProgram('bun', 'echo 1.0.0')
  expect(await getBun()).toEqual({ code: 0, bun: cached(), stderr: '' })
  expect(asked().trim().split('\n')).toHaveLength(1)
})

test('where npm runs no install scripts, the script of the package is run', async () => {
  addNpm('not a program', '644')
  addProgram(
    'node',
    `target=$(dirname "$1")/bin/bun.exe
printf '#!/bin/sh\\necho ${version}\\n' > "$target"
chmod 755 "$target"`,
  )
  const { code, bun } = await getBun()
  expect([code, bun]).toEqual([0, cached()])
})

test('what npm brought is not used where it is another Bun or runs not at all', async () => {
  addNpm(bunOf('1.0.0'))
  addProgram('node', 'exit 1')
  const { code, bun, stderr } = await getBun()
  expect([code, bun]).toEqual([69, ''])
  expect(stderr).toContain(`npm installed no Bun ${version}`)
  expect(existsSync(cached())).toBe(false)
})

test('with neither Bun nor npm it says what is missing', async () => {
  expect(await getBun()).toEqual({
    code: 69,
    bun: '',
    stderr: `This needs Bun ${version}, or npm to get it with; neither is on the PATH.\n`,
  })
})
