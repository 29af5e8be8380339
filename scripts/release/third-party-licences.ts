import type { BillOfMaterials, Component } from './bill-of-materials.ts'

/**
 * What the licences of others ask for: their texts, handed on with every copy. Throws where a package in the binary brings none, because it may not
 * be handed on then.
 */
export function renderThirdPartyLicences(bill: BillOfMaterials): string {
  const packages = bill.components.filter(({ 'bom-ref': ref }) => ref !== runtimeRef)
  const silent = packages.filter((component) => textsOf(component).length === 0)
  if (silent.length > 0) throw new Error(`No text of a licence in ${silent.map(nameOf).join(', ')}`)
  return [runtimeNotice, ...packages.map(renderPackage)].join(`\n${'='.repeat(100)}\n\n`)
}

const runtimeRef = `bun@${Bun.version}`

/** Bun ships no licence text in its packages; this says what its LICENSE.md says. */
const runtimeNotice = `This program contains the Bun runtime and the packages below, each under its own licence.

Bun ${Bun.version}
MIT License, Copyright (c) Jarred Sumner and the contributors of Bun

Bun statically links JavaScriptCore and WebKit (LGPL-2.0), TinyCC (LGPL-2.1), BoringSSL, ICU, libarchive, libuv, lsquic, mimalloc, simdutf, uSockets,
uWebSockets, zlib-ng, zstd and others. Their licences, and how to link Bun again with a changed JavaScriptCore or TinyCC, are in LICENSE.md
of its sources:

  https://github.com/oven-sh/bun/blob/bun-v${Bun.version}/LICENSE.md
`

function renderPackage(component: Component): string {
  const licences = (component.licenses ?? []).map((choice) =>
    'expression' in choice
      ? choice.expression
      : 'id' in choice.license
        ? choice.license.id
        : choice.license.name,
  )
  return [`${nameOf(component)}\n${licences.join(', ')}\n`, ...textsOf(component)].join('\n')
}

function nameOf({ group, name, version }: Component): string {
  return `${group === undefined ? '' : `${group}/`}${name} ${version}`
}

function textsOf({ evidence }: Component): readonly string[] {
  return (evidence?.licenses ?? []).map(
    ({ license }) =>
      `${Buffer.from(license.text.content, 'base64').toString().replaceAll('\r\n', '\n').trim()}\n`,
  )
}
