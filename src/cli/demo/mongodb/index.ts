import { join } from 'node:path'
import type { Place, Product } from '../product.ts'
import { takesLogins } from './client.ts'
import { findPython, pythonIn } from './install.ts'
import { makeLogin } from './make-login.ts'
import { addSamples } from './samples.ts'

/** A server that speaks MongoDB's protocol, keeps its data on disk, and can be had by its package's name. */
export const mongodb: Product = {
  name: 'mongodb',
  label: 'SecantusDB',
  folder: 'mongodb',
  isFetched: true,
  // Told to stop, it waits two seconds for its next caller, and hangs where it has just begun; what it has answered survives this.
  traces: { programs: pythons(), stopSignal: 'SIGKILL' },
  endSignal: 'SIGKILL',
  remedy: '--engines postgresql leaves it out.',
  connection: {
    name: 'demo-mongodb',
    engine: 'mongodb',
    databaseType: 'MONGODB',
    database: 'admin',
    slug: 'demo-mongodb',
  },
  find: async seeking => {
    const server = await findPython(seeking)
    return { server, flags: place => [...flags(place), '--auth'], make: making => makeLogin(server, flags, making) }
  },
  takesLogins,
  addSamples,
  tryLogin: (_, folder) => `URI=$(echo "$ADA" | sed -E 's/.*"uri":"([^"]*)".*/\\1/')
${pythonIn(folder)} -c "import pymongo; print(*pymongo.MongoClient('$URI').orders.customers.find())"`,
  tryOwnApi: (project, publicKey) => ({
    title: 'And in those of MongoDB Atlas',
    command: `curl -sw '\\n' --digest -u "${publicKey}:$KEY" "$ROLECALL/api/atlas/v1.0/groups/${project}/databaseUsers?pretty=true"`,
  }),
}

/** Loopback alone; a lone server, as its data is. */
function flags({ data, port }: Pick<Place, 'data' | 'port'>): readonly string[] {
  const module = ['-I', '-c', 'import sys; from secantus.cli import main; sys.exit(main())']
  const place = ['--host', '127.0.0.1', '--port', String(port), '--storage-path', join(data, 'data')]
  // What it has answered is on disk, and survives its being killed.
  const manner = ['--standalone', '--sync-on-commit', '--cache-size', '64M', '--log-level', 'WARNING']
  return [...module, ...place, ...manner]
}

/** What interpreters are called that may run it. */
function pythons(): readonly string[] {
  const minors = Array.from({ length: 30 }, (_, minor) => `python3.${minor}`)
  return ['python', 'python3', ...minors]
}
