import { afterAll, beforeAll, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../support/app.ts'

let running: RunningApp
beforeAll(async () => {
  running = await aRunningApp()
})
afterAll(() => running[Symbol.asyncDispose]())

const get = (path: string) => running.ask('GET', path, { key: null })

test('the page is served with everything that it asks for, and asks nobody else', async () => {
  const page = await get('/docs')
  expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
  const asked = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address!)
  expect(asked.length).toBeGreaterThan(4)
  for (const address of asked) {
    expect(address).toMatch(/^\//)
    expect([address, (await get(address)).status]).toEqual([address, 200])
  }
})

test('its policy lets in nothing from elsewhere and no script that is written into the page', async () => {
  for (const path of ['/docs', '/docs/start.js', '/docs/swagger-ui-bundle.js']) {
    const policy = (await get(path)).headers['content-security-policy'] ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval/)
  }
  expect((await get('/docs')).text).not.toMatch(/<script(?![^>]*src=)|<style|style=|onload=/)
})

test('it lists every document that is served', async () => {
  const { text } = await get('/docs/start.js')
  const urls = [...text.matchAll(/"url":"([^"]+)"/g)].map(([, url]) => url)
  const served = running.app.http.routePaths().filter(path => path.startsWith('/openapi/'))
  expect(urls).toEqual([...new Set(served)])
  for (const url of urls) expect((await get(url!)).body.openapi).toBe('3.1.0')
})

test('its files come as what they are, and a browser that has one is told so', async () => {
  const { headers, text } = await get('/docs/swagger-ui.css')
  expect(headers).toMatchObject({ 'content-type': 'text/css; charset=utf-8', 'cache-control': 'public, max-age=3600' })
  expect(text).toContain('.swagger-ui')
  const again = { key: null, headers: { 'if-none-match': headers.etag! } }
  const second = await running.ask('GET', '/docs/swagger-ui.css', again)
  expect([second.status, second.text]).toEqual([304, ''])
  expect((await running.ask('HEAD', '/docs/swagger-ui.css', { key: null })).headers['content-length']).toBe(
    headers['content-length'],
  )
})

test('nothing else of the package is served', async () => {
  for (const file of ['package.json', 'swagger-initializer.js', '../package.json', '%2e%2e/package.json']) {
    expect((await get(`/docs/${file}`)).status).toBe(404)
  }
})
