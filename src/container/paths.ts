/** Where a container keeps what: the one place that builds these paths. docs/state.md has the table. */

/** The two roots: what survives a reboot, and what does not. */
export interface Roots {
  /** `/var/lib/mini-docker` */
  readonly data: string;
  /** `/run/mini-docker` */
  readonly run: string;
}

/** Folders and files of one container. */
export interface ContainerPaths {
  /** Exists as long as the container does; also its lock. */
  readonly folder: string;
  readonly upper: string;
  readonly work: string;
  readonly logFolder: string;
  readonly log: string;
  readonly hosts: string;
  readonly hostname: string;
  readonly resolvConf: string;
  /** Of the present run: gone after its end, and at a reboot. */
  readonly runFolder: string;
  readonly attachSocket: string;
}

/** The paths of a container. */
export function containerPaths(roots: Roots, id: string): ContainerPaths {
  const folder = `${roots.data}/containers/${id}`;
  const runFolder = `${roots.run}/containers/${id}`;
  return {
    folder,
    upper: `${folder}/upper`,
    work: `${folder}/work`,
    logFolder: `${folder}/log`,
    log: `${folder}/log/container.log`,
    hosts: `${folder}/hosts`,
    hostname: `${folder}/hostname`,
    resolvConf: `${folder}/resolv.conf`,
    runFolder,
    attachSocket: `${runFolder}/attach.sock`,
  };
}

/** The folder on which containers mount their roots, each in its own mount namespace: it is always empty outside. */
export function mountPoint(roots: Roots): string {
  return `${roots.data}/mnt`;
}
