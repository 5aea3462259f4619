// What a review found so far, put together from its events while it runs.

import type { LiveEvent } from './live';
import type { FrameLine, Severity } from './report';
import { SEVERITIES } from './report';

export interface Found {
  id: string;
  rule: string;
  severity: Severity;
  confidence: string;
  category: string;
  path: string;
  line_start: number;
  line_end: number;
  message: string;
  frame: FrameLine[];
}

export interface Step {
  step: string;
  done: number;
  of: number;
}

/** How far a review is. */
export interface Way {
  /** The steps that were heard of, the last is under way. */
  steps: Step[];
  /** What was found and not taken back. */
  found: Found[];
}

export const NO_WAY: Way = { steps: [], found: [] };

/** Returns how far a review is after an event; the same when the event says nothing of it. */
export function after(way: Way, event: LiveEvent): Way {
  if (event.event === 'started') return NO_WAY;
  if (event.event === 'progress') {
    const step = event.data as unknown as Step;
    const steps = way.steps.filter((one) => one.step !== step.step);
    return { ...way, steps: [...steps, step] };
  }
  if (event.event === 'found') {
    const { findings, gone } = event.data as unknown as { findings: Found[]; gone: string[] };
    const known = new Set(way.found.map((one) => one.id));
    const off = new Set(gone);
    const found = [...way.found, ...findings.filter((one) => !known.has(one.id))];
    return { ...way, found: found.filter((one) => !off.has(one.id)) };
  }
  return way;
}

/** Puts what was found in the order in which it is read: the worst first, then as it came. */
export function worstFirst(found: Found[]): Found[] {
  const rank = new Map(SEVERITIES.map((severity, index) => [severity, index]));
  const of = (one: Found) => rank.get(one.severity) ?? SEVERITIES.length;
  return found.map((one, index) => ({ one, index })).sort((a, b) => of(a.one) - of(b.one) || a.index - b.index).map(({ one }) => one);
}
