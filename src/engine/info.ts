import { readFileSync } from "node:fs";
import { release } from "node:os";
import { VERSION } from "../lib/version.ts";
import { listContainers } from "../store/containers.ts";
import { listImages } from "../store/images.ts";
import type { Container, EngineContext } from "./context.ts";
import { reconcile } from "./finish.ts";
import { stateName, statusOf } from "./status.ts";

/** What `info` prints, under docker's names. */
export function engineInfo(context: EngineContext): Record<string, unknown> {
  reconcile(context);
  const containers = listContainers(context.database) as Container[];
  const states = containers.map((container) => stateName(context, container, statusOf(context, container)));
  const count = (state: string) => states.filter((one) => one === state).length;
  const { layout } = context.cgroups;
  const memory = /^MemTotal:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8"));
  return {
    ServerVersion: VERSION,
    Containers: containers.length,
    ContainersRunning: count("running"),
    ContainersPaused: count("paused"),
    ContainersStopped: containers.length - count("running") - count("paused"),
    Images: listImages(context.database).length,
    Driver: "overlay",
    DockerRootDir: context.roots.data,
    CgroupVersion: layout.v1.size > 0 ? "1" : "2",
    CgroupDriver: "cgroupfs",
    LoggingDriver: "cri",
    KernelVersion: release(),
    OSType: "linux",
    Architecture: process.arch === "arm64" ? "aarch64" : "x86_64",
    NCPU: navigator.hardwareConcurrency,
    MemTotal: Number(memory?.[1] ?? 0) * 1024,
    Name: readFileSync("/proc/sys/kernel/hostname", "utf8").trim(),
    SecurityOptions: ["name=seccomp,profile=builtin", "name=cgroupns"],
  };
}
