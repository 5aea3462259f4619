// Who somebody is, in few letters and one colour.

/** How many colours there are for people; `app.css` has them. */
const SHADES = 6;

/** Returns how somebody is called: keys have no name that people know. */
export function whoIs(name: string): string {
  const key = /^key:(.*)$/.exec(name);
  return key ? `API key …${key[1]!.slice(-4)}` : name;
}

/** Returns two letters for somebody. */
export function initials(name: string): string {
  const words = whoIs(name)
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
  const letters = words.length > 1 ? [words[0]!, words[1]!].map((word) => [...word][0]) : [...(words[0] ?? '?')].slice(0, 2);
  return letters.join('').toUpperCase();
}

/** Returns the class with somebody's colour, the same wherever they are shown. */
export function shadeOf(author: string): string {
  let sum = 0;
  for (const letter of author) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
  return `who-${sum % SHADES}`;
}

/** Those who are there but for oneself, each once however many connections they have. */
export function others<T extends { author: string; connection: string }>(people: T[], own: string): T[] {
  const seen = new Set<string>();
  return people.filter((one) => one.connection !== own && !seen.has(one.author) && seen.add(one.author));
}
