/** What a registry wants to see before it answers. */
export type Challenge =
  | { readonly scheme: "basic" }
  | {
      readonly scheme: "bearer";
      readonly realm: string;
      readonly service: string | undefined;
      readonly scope: string | undefined;
    };

/** One `name=value` or `name="quoted value"`. */
const PARAMETER = /([A-Za-z0-9!#$%&'*+.^_`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/y;

/**
 * Parses a WWW-Authenticate header; of several challenges, the bearer's is taken before the basic one's.
 *
 * @returns `undefined` when it names no scheme known here
 * @see RFC 9110 section 11.6.1 · distribution's token authentication specification
 */
export function parseChallenge(header: string): Challenge | undefined {
  const challenges = splitChallenges(header);
  const bearer = challenges.find(({ scheme, parameters }) => scheme === "bearer" && parameters.has("realm"));
  if (bearer !== undefined) {
    const { parameters } = bearer;
    const realm = parameters.get("realm")!;
    return { scheme: "bearer", realm, service: parameters.get("service"), scope: parameters.get("scope") };
  }
  return challenges.some(({ scheme }) => scheme === "basic") ? { scheme: "basic" } : undefined;
}

function splitChallenges(header: string): { scheme: string; parameters: Map<string, string> }[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  for (let position = 0; position < header.length;) {
    PARAMETER.lastIndex = position;
    const parameter = PARAMETER.exec(header);
    const scheme = /^[A-Za-z][A-Za-z0-9-]*(?=\s|,|$)/.exec(header.slice(position));
    if (parameter !== null) {
      const [whole, name = "", quoted, plain = ""] = parameter;
      challenges.at(-1)?.parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? plain);
      position += whole.length;
    } else if (scheme !== null) {
      challenges.push({ scheme: scheme[0].toLowerCase(), parameters: new Map() });
      position += scheme[0].length;
    } else {
      position += 1; // A comma or a space; anything else is skipped too.
    }
  }
  return challenges;
}
