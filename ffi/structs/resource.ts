/** asm-generic/resource.h: RLIMIT_ numbers by their names in lower case; the same on x86-64 and aarch64. */
export const RLIMITS = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
} as const;

/** RLIM64_INFINITY, what prlimit64(2) takes for "unlimited". */
export const RLIM_INFINITY = 0xffff_ffff_ffff_ffffn;
