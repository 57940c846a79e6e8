// tap starts this after the last test file: see run.ts.
import { endKeeper } from './run.ts'

await endKeeper()
