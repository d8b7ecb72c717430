/** Medians of paired, interleaved runs: what disturbs one contender in a round disturbs all. */
import { loadavg } from "node:os";

export interface Contender {
  readonly name: string;
  /** One run, to its end; its wall time is what is measured. */
  readonly run: () => void | Promise<void>;
  /** Undoes a run, outside the measured time. */
  readonly after?: () => void | Promise<void>;
}

export interface Result {
  readonly name: string;
  readonly medianMs: number;
  readonly samplesMs: readonly number[];
}

/** The middle of the sorted values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A contender that runs a command and fails when it does. */
export function command(name: string, argv: readonly string[]): Contender {
  return {
    name,
    run() {
      const { exitCode } = Bun.spawnSync([...argv], { stdio: ["ignore", "ignore", "ignore"] });
      if (exitCode === 0) return;
      const { stderr } = Bun.spawnSync([...argv], { stdio: ["ignore", "ignore", "pipe"] });
      throw new Error(`${name}: ${argv.join(" ")} ended with ${exitCode}: ${stderr.toString()}`);
    },
  };
}

/**
 * Runs every contender once a round, each round in another order; the first rounds warm up and do not count.
 *
 * @returns the results in the contenders' order
 */
export async function interleave(
  contenders: readonly Contender[],
  { rounds, warmups = 2 }: { readonly rounds: number; readonly warmups?: number },
): Promise<Result[]> {
  const samples = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = -warmups; round < rounds; round++) {
    const turn = (round + warmups) % contenders.length;
    for (const contender of [...contenders.slice(turn), ...contenders.slice(0, turn)]) {
      const startedAt = performance.now();
      await contender.run();
      const elapsed = performance.now() - startedAt;
      await contender.after?.();
      if (round >= 0) samples.get(contender.name)?.push(elapsed);
    }
  }
  return [...samples].map(([name, samplesMs]) => ({ name, samplesMs, medianMs: median(samplesMs) }));
}

const format = (value: number) => (value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2));

/**
 * Prints a table of medians, of quartiles, and of each as a multiple of the row named `of`.
 *
 * @param of the row that counts as 1
 */
export function printRatios(title: string, results: readonly Result[], of: string): void {
  const base = results.find(({ name }) => name === of);
  if (base === undefined) throw new Error(`no row ${of}`);
  const width = Math.max(...results.map(({ name }) => name.length));
  console.log(`\n${title} (${base.samplesMs.length} rounds, load ${loadavg()[0]?.toFixed(1)})`);
  for (const { name, medianMs, samplesMs } of results) {
    const sorted = samplesMs.toSorted((a, b) => a - b);
    const quartile = (part: number) => format(sorted[Math.floor(part * (sorted.length - 1))]!);
    const ratio = format(medianMs / base.medianMs);
    const spread = `${quartile(0.25)}–${quartile(0.75)}`;
    console.log(
      `  ${name.padEnd(width)}  ${format(medianMs).padStart(7)} ms  ${spread.padEnd(15)} ${ratio.padStart(6)} ×`,
    );
  }
}
