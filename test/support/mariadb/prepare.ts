import { mysqlServers } from '../servers.ts'
import { mariadbPlugins, mariadbPrograms } from './programs.ts'

/** Before a test run, so that no test has to wait for a package: a server that can't be had here fails the tests that want it, with words. */
if (mysqlServers().length > 0) {
  try {
    mariadbPrograms()
    mariadbPlugins()
  } catch (error) {
    console.error(String(error))
  }
}
