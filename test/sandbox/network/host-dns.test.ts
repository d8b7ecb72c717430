import { expect } from "bun:test";
import { join } from "node:path";
import { inSandbox, sandboxTest } from "../../support/sandbox.ts";

const read = (resolvConf: string, upstream: string) =>
  inSandbox<[string, string]>(join(import.meta.dir, "host-dns.fixture.ts"), resolvConf, upstream);

const STUB = "nameserver 127.0.0.53\noptions edns0\n";
const UPSTREAM = "nameserver 192.0.2.53\n";

sandboxTest("readHostResolvConf() looks behind systemd-resolved's stub, and only behind that", async () => {
  expect(await read(STUB, UPSTREAM)).toEqual([UPSTREAM, STUB]);
  expect(await read(STUB, "-")).toEqual([STUB, STUB]);
  expect(await read("nameserver 192.0.2.1\n", UPSTREAM)).toEqual([
    "nameserver 192.0.2.1\n",
    "nameserver 192.0.2.1\n",
  ]);
});

sandboxTest(
  "readHostResolvConf() takes a missing file for an empty one and reads 64 KiB of a huge one",
  async () => {
    expect(await read("-", UPSTREAM)).toEqual(["", ""]);
    const [text] = await read(`#${"x".repeat(100_000)}\n`, "-");
    expect(text.length).toBe(65_536);
  },
);
