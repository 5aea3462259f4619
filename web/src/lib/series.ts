// Numbers over time, and how they are drawn.

export interface Point {
  at_ms: number;
  value: number;
}

/** Returns round numbers from below the smallest value to above the largest. */
export function ticks(low: number, high: number, count = 4): number[] {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? power * 10;
  const first = Math.floor(low / step) * step;
  const found: number[] = [];
  for (let value = first; value < high + step; value += step) found.push(Number(value.toPrecision(12)));
  if (found.length < 2) found.push(Number((first + step).toPrecision(12)));
  return found;
}

/** Returns days in UTC, from the first to the last, without a gap. */
export function days(first_ms: number, last_ms: number): string[] {
  const found: string[] = [];
  for (let at = Math.floor(first_ms / 86_400_000); at <= Math.floor(last_ms / 86_400_000); at++) {
    found.push(new Date(at * 86_400_000).toISOString().slice(0, 10));
  }
  return found;
}
