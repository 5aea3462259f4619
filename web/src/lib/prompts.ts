// What models are told, as the pages say it.

import type { Schemas } from './api';

export type Prompt = Schemas['Prompt'];
export type Experiment = Schemas['Experiment'];

/** What each prompt is for. */
export const WHAT: Record<string, string> = {
  review: 'Looks at a change and makes remarks',
  judge: 'Judges each remark before it is kept',
  reviewer: 'The agent who raises points in a talk about a change',
  coder: 'The agent who answers for the code in such a talk',
  fix: 'Writes a patch for a finding that has no fix of its own',
};

/** Returns the address of a prompt's page. */
export function addressOf(prompt: { name: string; models: string[] }): string {
  const query = prompt.models.length > 0 ? `?models=${encodeURIComponent(prompt.models.join(','))}` : '';
  return `prompts/${prompt.name}${query}`;
}

/** Says for which models a prompt is. */
export function modelsOf(models: string[]): string {
  return models.length === 0 ? 'all models' : models.join(', ');
}

/** Says which version something is; 0 is what holds without one's own. */
export function versionName(version: number): string {
  return version === 0 ? 'as it came' : `version ${version}`;
}

/** Returns the letter of an arm. */
export function letterOf(arm: number): string {
  return String.fromCharCode(65 + arm);
}

/** Writes a share from 0 to 1. */
export function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? '–' : `${Math.round(100 * share)} %`;
}

/** Writes billionths of a dollar. */
export function dollars(nanos: number | null | undefined): string {
  if (nanos === null || nanos === undefined) return '–';
  const value = nanos / 1e9;
  const digits = Math.abs(value) < 0.1 ? 4 : 2;
  return `${value < 0 ? '−' : ''}$${Math.abs(value).toFixed(digits)}`;
}

export interface DiffLine {
  kind: 'added' | 'removed' | 'same' | 'place';
  text: string;
}

/** Reads the lines of a unified diff, without its first two. */
export function diffLines(diff: string): DiffLine[] {
  const lines = diff.replace(/\n$/, '').split('\n');
  const found: DiffLine[] = [];
  for (const line of lines.filter((one) => !one.startsWith('\\'))) {
    if (found.length === 0 && (line.startsWith('--- ') || line.startsWith('+++ ') || line === '')) continue;
    const kind = ({ '+': 'added', '-': 'removed', '@': 'place' } as const)[line[0] ?? ''] ?? 'same';
    found.push({ kind, text: kind === 'place' ? line : line.slice(1) });
  }
  return found;
}
