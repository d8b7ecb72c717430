/** Names for containers that nobody named: an adjective and somebody who made computers, kernels or ships better. */

const ADJECTIVES = (
  "able agile amber ample apt azure bold brave bright brisk calm candid clever coral crisp daring deft eager early " +
  "fair fleet fond frank fresh gentle glad golden grand happy hardy honest ideal jolly keen kind lively loyal lucid " +
  "lucky mellow merry mighty modest neat nimble noble patient plucky polite proud quick quiet ready robust rosy " +
  "serene sharp silver sleek smart snug sober solid steady sturdy sunny swift tender tidy trusty upbeat vivid warm wise witty"
).split(" ");

const NAMES = (
  "abbate aiken allen bartik berners booth borg brooks cerf clarke codd conway dahl dijkstra engelbart estrin " +
  "feinler floyd goldberg gosling gray hamilton hamming hoare holberton hopper huffman iverson jennings kahn kay " +
  "kernighan kilburn knuth lamarr lamport liskov lovelace mccarthy mcilroy meltzer minsky naur noyce nygaard " +
  "perlman perlis postel ritchie shannon snyder spence stallman sutherland tarjan thompson torvalds turing wilkes " +
  "wirth zuse"
).split(" ");

/** A name such as `brave_hopper`. About 5,000 exist; `attempt` above 0 adds a number, for when one is taken. */
export function randomName(attempt = 0): string {
  const [first = 0, second = 0, third = 0] = crypto.getRandomValues(new Uint32Array(3));
  const name = `${ADJECTIVES[first % ADJECTIVES.length]}_${NAMES[second % NAMES.length]}`;
  return attempt === 0 ? name : `${name}${third % (10 * 10 ** attempt)}`;
}
