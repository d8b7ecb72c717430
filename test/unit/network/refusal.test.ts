import { expect, test } from "bun:test";
import { ConflictError, PermissionError, UnsupportedError } from "../../../src/errors.ts";
import { NetlinkError } from "../../../src/kernel/netlink/netlink-error.ts";
import { explainingRefusal } from "../../../src/network/refusal.ts";

const [EPERM, EEXIST, EINVAL, EOPNOTSUPP] = [1, 17, 22, 95] as const;

function refusedWith(errno: number, explanation?: string): unknown {
  try {
    return explainingRefusal({ action: 'create the bridge "md0"', modules: "bridge" }, () => {
      throw new NetlinkError("create bridge md0", errno, explanation);
    });
  } catch (cause) {
    return cause;
  }
}

test("a missing module is named with the command that loads it", () => {
  const error = refusedWith(EOPNOTSUPP, "Unknown device type") as UnsupportedError;

  expect(error).toBeInstanceOf(UnsupportedError);
  expect(error.message).toBe(
    'Cannot create the bridge "md0": the kernel lacks support (create bridge md0: EOPNOTSUPP (Unknown device type))',
  );
  expect(error.hint).toBe("Run `modprobe -a bridge`, or choose --network none or host");
});

test("a missing capability and a taken name are told apart, and anything else passes unchanged", () => {
  expect(refusedWith(EPERM)).toBeInstanceOf(PermissionError);
  expect(refusedWith(EEXIST)).toBeInstanceOf(ConflictError);
  expect(refusedWith(EINVAL)).toBeInstanceOf(NetlinkError);
});
