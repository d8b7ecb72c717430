/**
 * The errors a user can meet, by what the caller can do about them.
 *
 * A message is "Cannot <verb> <thing>: <state>", in one line, without a final period; the hint says what to do.
 */
export interface EngineErrorOptions {
  readonly cause?: unknown;
  /** What the user can do, as an imperative sentence without a final period. */
  readonly hint?: string | undefined;
}

/** An error of the engine as its user meets it: what was attempted, on what, and why it failed. */
export class EngineError extends Error {
  override readonly name: string = "EngineError";
  readonly hint: string | undefined;
  /** The process's exit code when this error ends a command; `run` maps engine failures to 125. */
  readonly exitCode: number = 1;

  constructor(message: string, options: EngineErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
  }
}

/** The command line is wrong: an unknown flag, a value that does not parse, flags that exclude each other. */
export class UsageError extends EngineError {
  override readonly name = "UsageError";
  override readonly exitCode = 125;
}

/** A container, image, network or path that does not exist. */
export class NotFoundError extends EngineError {
  override readonly name = "NotFoundError";
}

/** The thing exists, but its state forbids this: a name in use, a container that runs. */
export class ConflictError extends EngineError {
  override readonly name = "ConflictError";
}

/** The caller lacks a right: not root, a capability that is missing. */
export class PermissionError extends EngineError {
  override readonly name = "PermissionError";
}

/** The kernel or this version cannot do it: a missing controller, module or system call. */
export class UnsupportedError extends EngineError {
  override readonly name = "UnsupportedError";
}

/** Bytes from outside are not what they claim to be: a wrong digest, a hostile archive, broken JSON. */
export class InvalidDataError extends EngineError {
  override readonly name = "InvalidDataError";
}

/** Something that may work later: a registry that does not answer, a full disk. */
export class UnavailableError extends EngineError {
  override readonly name = "UnavailableError";
}

/** The container's command could not be started: 127 when it does not exist, 126 when it cannot be executed. */
export class ProcessStartError extends EngineError {
  override readonly name = "ProcessStartError";
  override readonly exitCode: 126 | 127;

  constructor(message: string, options: EngineErrorOptions & { readonly exitCode: 126 | 127 }) {
    super(message, options);
    this.exitCode = options.exitCode;
  }
}
