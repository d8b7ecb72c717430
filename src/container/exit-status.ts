/** si_code of a child's end: linux/siginfo.h. */
const CLD_EXITED = 1;
const CLD_KILLED = 2;
const CLD_DUMPED = 3;

/** A shell's code for a program that a signal ended. */
const SIGNAL_BASE = 128;

/**
 * The exit code of a container, from what waitid(2) said of its init: its own, or 128 + the signal that ended
 * it.
 *
 * @throws {RangeError} when the record is not that of an end
 */
export function exitCodeOf({
  siCode,
  siStatus,
}: {
  readonly siCode: number;
  readonly siStatus: number;
}): number {
  if (siCode === CLD_EXITED) return siStatus & 0xff;
  if (siCode === CLD_KILLED || siCode === CLD_DUMPED) return SIGNAL_BASE + siStatus;
  throw new RangeError(`si_code ${siCode} is not the end of a process`);
}

/** The signal that ended the process, if one did. */
export function endingSignal(record: {
  readonly siCode: number;
  readonly siStatus: number;
}): number | undefined {
  return record.siCode === CLD_KILLED || record.siCode === CLD_DUMPED ? record.siStatus : undefined;
}
