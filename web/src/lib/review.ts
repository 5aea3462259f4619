// What the page of a review asks the server for first. It is asked for as soon as the address is known,
// together with who looks at it, so that one is not waited for after the other.

import type { QueryClient } from '@tanstack/svelte-query';
import { api, told } from './api';
import type { Report } from './report';

export const reviewQuery = (id: string) => ({
  queryKey: ['review', id],
  queryFn: () => told(api.GET('/api/v1/review/{id}', { params: { path: { id }, query: { limit: 200 } } })),
});

export const reportQuery = (id: string) => ({
  queryKey: ['report', id],
  staleTime: Infinity,
  queryFn: async () => (await told(api.GET('/api/v1/review/{id}/report', { params: { path: { id } } }))) as unknown as Report,
});

/** Asks for what the page of a path shows first; a refusal is told where it is shown. */
export function fetchFirst(client: QueryClient, path: string): void {
  const [place, id, ...rest] = path.split('/');
  if (place !== 'reviews' || !id || rest.length > 0) return;
  void client.prefetchQuery(reviewQuery(id));
  void client.prefetchQuery(reportQuery(id));
}
