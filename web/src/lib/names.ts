// What things are called on the pages.

import type { Repository, Review } from './api';

export function nameOf(repository: Repository): string {
  return `${repository.owner}/${repository.name}`;
}

function shortened(revision: string): string {
  return /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(revision) ? revision.slice(0, 10) : revision;
}

/** Returns what a review is called: its pull request, else what its head is called. */
export function titleOf(review: Review): string {
  if (review.pull_request) return `Pull request #${review.pull_request} at ${shortened(review.head)}`;
  return shortened(review.head);
}

/** Returns the one word for how a review stands. */
export function stateOf(review: Review): string {
  if (review.state === 'failed') return 'broken';
  if (review.state !== 'done') return review.state;
  return review.gate === 'failed' ? 'gate' : 'passed';
}

/** Returns where a pull request is on its forge. */
export function forgeAddress(repository: Repository, pullRequest: number): string | null {
  // Names come from forges; an address is made of them only when they are plain.
  if (!/^[\w.-]+(:\d+)?$/.test(repository.host)) return null;
  const path = [...repository.owner.split('/'), repository.name].map(encodeURIComponent).join('/');
  const page = repository.forge === 'gitlab' ? `-/merge_requests/${pullRequest}` : `pull/${pullRequest}`;
  return `https://${repository.host}/${path}/${page}`;
}

/** Returns where a comment of a pull request is looked at. */
export function commentAddress(repository: Repository, pullRequest: number, comment: string): string | null {
  const page = forgeAddress(repository, pullRequest);
  if (!page || !/^\d+$/.test(comment)) return null;
  return `${page}#${repository.forge === 'gitlab' ? 'note_' : 'discussion_r'}${comment}`;
}

/** Writes a name such as `loc_source` or `maintainability` for people. */
export function inWords(name: string): string {
  const text = name.replaceAll(/[_-]/g, ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Writes a number with few digits. */
export function few(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return Number.isInteger(value) ? value.toLocaleString('en') : value.toLocaleString('en', { maximumFractionDigits: 1 });
}
