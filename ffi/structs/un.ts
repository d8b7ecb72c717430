import { struct } from "../struct.ts";

/** @see unix(7) */
export const sockaddrUn = struct({ sun_family: "u16", sun_path: "bytes108" });

export const AF_UNIX = 1;
/** linux/net.h */
export const SocketType = { STREAM: 1, CLOEXEC: 0o2000000 } as const;
