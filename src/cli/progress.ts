import type { PullProgress } from "../image/progress.ts";
import { humanSize } from "../lib/size.ts";
import { print, printError } from "./output.ts";

interface ByteCount {
  readonly current: number;
  readonly total: number;
}

/** A display of what comes in. */
export interface Progress extends PullProgress, Disposable {
  /** Draws the last state and stops. May be called again. */
  finish(): void;
}

export interface ProgressOptions {
  readonly quiet: boolean;
  /** For verbs whose standard output is their result. */
  readonly toStderr?: boolean;
}

/**
 * Opens a progress display: bars that move on a terminal, elsewhere one plain line for each change of a layer's state.
 *
 * Nothing is printed, and nothing loaded, before something has to be told.
 */
export function openProgress({ quiet, toStderr = false }: ProgressOptions): Progress {
  const write = toStderr ? printError : print;
  let display: Progress | undefined;
  const shown = (): Progress => {
    display ??= quiet
      ? SILENT
      : isTerminal(toStderr ? 2 : 1)
        ? new BarDisplay(write)
        : new LineDisplay(write);
    return display;
  };
  const finish = () => display?.finish();
  return {
    message: (text) => shown().message(text),
    layer: (id, state, bytes) => shown().layer(id, state, bytes),
    finish,
    [Symbol.dispose]: finish,
  };
}

function isTerminal(fd: number): boolean {
  // Required here, not imported above: node:tty is slow to load, and most commands never get this far.
  const { isatty } = require("node:tty") as typeof import("node:tty");
  return isatty(fd) && process.env.TERM !== "dumb";
}

const SILENT: Progress = { message() {}, layer() {}, finish() {}, [Symbol.dispose]() {} };

/** One line for each change of state, but for those that are counted in bytes. */
export class LineDisplay implements Progress {
  readonly #write: (text: string) => void;
  readonly #states = new Map<string, string>();

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  message(text: string): void {
    this.#write(`${text}\n`);
  }

  layer(id: string, state: string, bytes?: ByteCount): void {
    if (bytes !== undefined || this.#states.get(id) === state) return;
    this.#states.set(id, state);
    this.#write(`${id}: ${state}\n`);
  }

  finish(): void {}
  [Symbol.dispose](): void {}
}

const REDRAW_MS = 80;
const BAR_WIDTH = 30;
/** More lines than this are not drawn: a terminal cannot move its cursor above its first line. */
const ROWS_MAX = 20;
const COLUMNS_MAX = 79;

interface LayerRow {
  readonly id: string;
  state: string;
  bytes: ByteCount | undefined;
}

/** A line for each layer, drawn again in place. */
export class BarDisplay implements Progress {
  readonly #write: (text: string) => void;
  readonly #rows = new Map<string, LayerRow>();
  #drawnRows = 0;
  #drawnAtMs = 0;
  #stale = false;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  message(text: string): void {
    this.finish();
    this.#rows.clear();
    this.#drawnRows = 0;
    this.#write(`${text}\n`);
  }

  layer(id: string, state: string, bytes?: ByteCount): void {
    const row = this.#rows.get(id);
    const changed = row?.state !== state;
    if (row) Object.assign(row, { state, bytes });
    else this.#rows.set(id, { id, state, bytes });
    this.#stale = true;
    if (changed || performance.now() - this.#drawnAtMs >= REDRAW_MS) this.#draw();
  }

  finish(): void {
    if (this.#stale) this.#draw();
  }

  [Symbol.dispose](): void {
    this.finish();
  }

  #draw(): void {
    const all = [...this.#rows.values()];
    const moving = all.filter(({ bytes }) => bytes !== undefined);
    const visible = all.length <= ROWS_MAX ? all : moving.slice(0, ROWS_MAX);
    const up = this.#drawnRows > 0 ? `\x1b[${this.#drawnRows}A` : "";
    // Clearing from here down also removes what a shorter list leaves behind.
    this.#write(`${up}\r\x1b[J${visible.map((row) => `${rowText(row)}\n`).join("")}`);
    this.#drawnRows = visible.length;
    this.#drawnAtMs = performance.now();
    this.#stale = false;
  }
}

function rowText({ id, state, bytes }: LayerRow): string {
  const text = `${id}: ${state}`;
  if (!bytes) return text.slice(0, COLUMNS_MAX);
  const { current, total } = bytes;
  if (total <= 0) return `${text} ${humanSize(current)}`.slice(0, COLUMNS_MAX);
  const filled = Math.min(BAR_WIDTH, Math.floor((current / total) * BAR_WIDTH));
  const bar = `${"=".repeat(filled)}>`.padEnd(BAR_WIDTH + 1);
  return `${text} [${bar}] ${humanSize(current)}/${humanSize(total)}`.slice(0, COLUMNS_MAX);
}
