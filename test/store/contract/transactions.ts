import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { aProject } from '../builders.ts'
import type { Opened } from './harness.ts'

export function transactions(opened: Opened): void {
  describe('a transaction', () => {
    it('keeps all of its work, or none', async () => {
      const { store } = opened
      const project = aProject()
      const failing = store.transaction(async tables => {
        await tables.projects.add(project)
        expect(await tables.projects.find(project.id)).toEqual(project)
        throw new Error('thrown by the work')
      })
      await expect(failing).rejects.toThrow('thrown by the work')
      expect(await store.read.projects.find(project.id)).toBeUndefined()
    })

    it('is not seen, and not waited for, by readers until it ends', async () => {
      const { store } = opened
      const project = aProject()
      const ended = Promise.withResolvers<void>()
      const running = store.transaction(async tables => {
        await tables.projects.add(project)
        await ended.promise
      })
      await sleep(50)
      expect(await store.read.projects.find(project.id)).toBeUndefined()
      ended.resolve()
      await running
      expect(await store.read.projects.find(project.id)).toEqual(project)
    })

    it('inside another one is refused, because it would wait for ever', async () => {
      const { store } = opened
      const nested = store.transaction(() => store.transaction(async () => {}))
      await expect(nested).rejects.toThrow('inside a transaction')
      await store.transaction(async () => {})
      await store.transaction(async () => {})
    })

    it('that goes on after a fault keeps nothing', async () => {
      const { store } = opened
      const project = aProject()
      const careless = store.transaction(async tables => {
        await tables.projects.add(project)
        await tables.projects.add(project).catch(() => undefined)
      })
      await expect(careless).rejects.toMatchObject({ code: 'internal', subject: 'store' })
      expect(await store.read.projects.find(project.id)).toBeUndefined()
      await store.transaction(tables => tables.projects.add(project))
    })

    it('may ask several things at once', async () => {
      const { store } = opened
      const projects = Array.from({ length: 20 }, () => aProject())
      const warnings: Error[] = []
      const listen = (warning: Error) => warnings.push(warning)
      process.on('warning', listen)
      const found = await store.transaction(async tables => {
        await Promise.all(projects.map(project => tables.projects.add(project)))
        return await Promise.all(projects.map(({ id }) => tables.projects.find(id)))
      })
      await sleep(10)
      process.off('warning', listen)
      expect(found).toEqual(projects)
      expect(warnings).toEqual([])
    })

    it('is let end when the store is closed', async () => {
      const second = await opened.under.open()
      const project = aProject()
      const running = second.transaction(async tables => {
        await sleep(50)
        await tables.projects.add(project)
      })
      await second.close()
      await running
      expect(await opened.store.read.projects.find(project.id)).toEqual(project)
    })

    it('that reads and then writes holds its ground against another process', async () => {
      const { store, under } = opened
      const project = aProject()
      await store.transaction(tables => tables.projects.add(project))
      const second = await under.open()
      const rename = async (one: typeof second, name: string) => {
        for (let tries = 0; tries < 50; tries += 1) {
          try {
            return await one.transaction(async tables => {
              const found = await tables.projects.find(project.id)
              await sleep(2)
              await tables.projects.save({ ...found!, name })
            })
          } catch (error) {
            expect(error).toMatchObject({ code: 'precondition_failed' })
          }
        }
      }
      await Promise.all(Array.from({ length: 10 }, (_, at) => rename(at % 2 ? store : second, `name ${at}`)))
      await second.close()
      expect((await store.read.projects.find(project.id))?.version).toBe(11)
    })
  })

  describe('the store', () => {
    it('tells its time in milliseconds, inside and outside of transactions', async () => {
      const { store } = opened
      const times = [await store.now(), await store.transaction(tables => tables.now()), await store.read.now()]
      for (const time of times) expect(Math.abs(time - Date.now())).toBeLessThan(5_000)
    })

    it('keeps its installation id over another opening', async () => {
      const { store, under } = opened
      const second = await under.open()
      expect(second.installation).toBe(store.installation)
      expect(store.installation).toMatch(/^[0-9a-f]{8}$/)
      await second.ping()
      await second.close()
    })
  })
}
