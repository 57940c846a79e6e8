import { Counter, Gauge, type Aggregator, type Registry } from 'prom-client'

/** What a metric is called, and what its help says. */
export interface MetricName {
  /** Without the prefix `loggerbot_`. */
  name: string
  help: string
  /** How the values of several workers become one. Default: they are added up. */
  aggregator?: Aggregator
}

/** Functions that register gauges, each by how the values of several workers become one. */
export function gaugesOf (registry: Registry) {
  const by = (aggregator: Aggregator) => (name: string, help: string, read: () => number) => {
    addGauge(registry, { name, help, aggregator }, read)
  }
  return { sum: by('sum'), least: by('min'), most: by('max') }
}

/** Registers a gauge that is read at each scrape. */
export function addGauge (
  registry: Registry, { name, help, aggregator = 'sum' }: MetricName, read: () => number
): void {
  registry.registerMetric(new Gauge({
    name: `loggerbot_${name}`,
    help,
    aggregator,
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
  { name, help, aggregator = 'sum' }: MetricName,
  labelNames: Label[],
  read: () => Iterable<[Record<Label, string>, number]>
): void {
  registry.registerMetric(new Gauge({
    name: `loggerbot_${name}`,
    help,
    labelNames,
    aggregator,
    registers: [],
    collect () {
      for (const [labels, value] of read()) this.set(labels, value)
    }
  }))
}
