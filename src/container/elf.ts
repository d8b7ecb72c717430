/**
 * What matters of an ELF file before it runs: whose machine it is for, and which loader it asks for.
 *
 * @see elf(5)
 */
export interface ElfSummary {
  readonly machine: string;
  readonly bits: 32 | 64;
  /** The path of PT_INTERP: the dynamic loader. */
  readonly interpreter: string | undefined;
}

/** e_machine, linux/elf-em.h: those that images are built for. */
const MACHINES: Readonly<Record<number, string>> = {
  3: "x86",
  8: "mips",
  20: "powerpc",
  21: "ppc64",
  22: "s390x",
  40: "arm",
  62: "x86-64",
  183: "aarch64",
  243: "riscv",
  258: "loongarch",
};

const PT_INTERP = 3;
const PATH_BYTES_MAX = 4096;

/** Where the two classes keep what is read here: elf(5), Elf32_Ehdr to Elf64_Phdr. */
const LAYOUT = {
  32: { phoff: 28, phentsize: 42, phnum: 44, segmentOffset: 4, segmentSize: 16, headerSize: 52 },
  64: { phoff: 32, phentsize: 54, phnum: 56, segmentOffset: 8, segmentSize: 32, headerSize: 64 },
} as const;

/**
 * Reads the beginning of a file; `undefined` when it is no ELF file. What lies beyond `head` counts as
 * absent.
 */
export function parseElf(head: Uint8Array): ElfSummary | undefined {
  if (
    head.length < LAYOUT[32].headerSize ||
    new DataView(head.buffer, head.byteOffset).getUint32(0) !== 0x7f454c46
  ) {
    return undefined;
  }
  const bits = head[4] === 1 ? 32 : 64;
  const little = head[5] !== 2;
  const layout = LAYOUT[bits];
  if (head.length < layout.headerSize) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const number = view.getUint16(18, little);
  const word = (at: number) =>
    bits === 32 ? view.getUint32(at, little) : Number(view.getBigUint64(at, little));
  const base = word(layout.phoff);
  const entrySize = view.getUint16(layout.phentsize, little);
  const count = view.getUint16(layout.phnum, little);
  let interpreter: string | undefined;
  for (let i = 0; i < count && interpreter === undefined; i++) {
    const entry = base + i * entrySize;
    if (entrySize === 0 || entry + layout.segmentSize + bits / 8 > head.length) break;
    if (view.getUint32(entry, little) !== PT_INTERP) continue;
    const start = word(entry + layout.segmentOffset);
    const size = word(entry + layout.segmentSize);
    if (size > PATH_BYTES_MAX || start + size > head.length) break;
    interpreter = new TextDecoder().decode(head.subarray(start, start + size)).replace(/\0.*$/s, "");
  }
  return { machine: MACHINES[number] ?? `machine ${number}`, bits, interpreter };
}

/** A machine for a message: `aarch64`, `arm (32-bit)`. */
export function elfNames({ machine, bits }: ElfSummary): string {
  return bits === 32 && machine !== "x86" ? `${machine} (32-bit)` : machine;
}
