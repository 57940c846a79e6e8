import { Counter, Gauge, type Registry } from 'prom-client'

/** What a metric is called, and what its help says. */
export interface MetricName {
  /** Without the prefix `loggerbot_`. */
  name: string
  help: string
}

/** Registers a gauge that is read at each scrape. */
export function addGauge (registry: Registry, { name, help }: MetricName, read: () => number): void {
  registry.registerMetric(new Gauge({
    name: `loggerbot_${name}`,
    help,
    registers: [],
    collect () { this.set(read()) }
  }))
}

/** Registers a counter that starts at 0. */
export function addCounter (registry: Registry, { name, help }: MetricName): Counter {
  return new Counter({ name: `loggerbot_${name}`, help, registers: [registry] })
}

/** Registers a counter by labels whose values are counted elsewhere, and read at each scrape. */
export function addReadCounter<Label extends string> (
  registry: Registry,
  { name, help }: MetricName,
  labelNames: Label[],
  read: () => Iterable<[Record<Label, string>, number]>
): void {
  registry.registerMetric(new Counter({
    name: `loggerbot_${name}`,
    help,
    labelNames,
    registers: [],
    collect () {
      this.reset()
      for (const [labels, count] of read()) this.inc(labels, count)
    }
  }))
}

/** Registers a gauge by labels, which is read at each scrape. */
export function addReadGauge<Label extends string> (
  registry: Registry,
  { name, help }: MetricName,
  labelNames: Label[],
  read: () => Iterable<[Record<Label, string>, number]>
): void {
  registry.registerMetric(new Gauge({
    name: `loggerbot_${name}`,
    help,
    labelNames,
    registers: [],
    collect () {
      for (const [labels, value] of read()) this.set(labels, value)
    }
  }))
}
