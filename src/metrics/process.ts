import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Gauge, type Registry } from 'prom-client'
import { version } from '../version.ts'
import { addGauge, addReadCounter } from './registry.ts'

const quantiles = [0.5, 0.99, 1]

/** Measures the process; the function returned ends it. */
export function measureProcess (registry: Registry): () => void {
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  registry.registerMetric(new Gauge({
    name: 'loggerbot_event_loop_delay_seconds',
    help: 'Delay of the event loop since the last scrape',
    labelNames: ['quantile'],
    aggregator: 'max',
    registers: [],
    collect () {
      for (const quantile of quantiles) this.set({ quantile }, (delay.percentile(quantile * 100) || 0) / 1e9)
      delay.reset()
    }
  }))
  const memory = { name: 'resident_memory_bytes', help: 'Resident memory of the process' }
  addGauge(registry, memory, () => process.memoryUsage.rss())
  const cpu = { name: 'cpu_seconds_total', help: 'Processor time of the process in seconds' }
  addReadCounter(registry, cpu, [], () => {
    const { user, system } = process.cpuUsage()
    return [[{}, (user + system) / 1e6]]
  })
  const build = new Gauge({
    name: 'loggerbot_build_info',
    help: 'Version of the server',
    labelNames: ['version', 'node'],
    aggregator: 'max',
    registers: [registry]
  })
  build.set({ version, node: process.versions.node }, 1)
  return () => { delay.disable() }
}
