/** The shim's bytes are files that the bundler embeds; importing one yields its path. */
declare module "*/shim-x86-64" {
  const path: string;
  export default path;
}
declare module "*/shim-aarch64" {
  const path: string;
  export default path;
}
