/** Layouts of the structs of linux/bpf.h, linux/filter.h and linux/seccomp.h, as a C compiler has them. */
import { expect, test } from "bun:test";
import { bpf_attr_attach, bpf_attr_load, bpf_cgroup_dev_ctx, bpf_insn } from "../../../ffi/structs/bpf.ts";
import { CAPABILITIES } from "../../../ffi/structs/capability.ts";
import { seccomp_data, sock_filter } from "../../../ffi/structs/seccomp.ts";

test("struct sock_filter and struct seccomp_data", () => {
  expect([sock_filter.size, sock_filter.offsets]).toEqual([8, { code: 0, jt: 2, jf: 3, k: 4 }]);
  expect(seccomp_data.size).toBe(64);
  expect(seccomp_data.offsets).toMatchObject({ nr: 0, arch: 4, instruction_pointer: 8, arg0: 16, arg5: 56 });
});

test("struct bpf_insn, struct bpf_cgroup_dev_ctx and the parts of union bpf_attr", () => {
  expect([bpf_insn.size, bpf_insn.offsets]).toEqual([8, { code: 0, regs: 1, off: 2, imm: 4 }]);
  expect([bpf_cgroup_dev_ctx.size, bpf_attr_attach.size, bpf_attr_load.size]).toEqual([12, 16, 64]);
  expect(bpf_attr_load.offsets).toMatchObject({
    insns: 8,
    license: 16,
    log_level: 24,
    log_buf: 32,
    prog_name: 48,
  });
});

test("every capability up to CAP_CHECKPOINT_RESTORE has a name", () => {
  expect(CAPABILITIES.length).toBe(41);
});
