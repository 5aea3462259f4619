// Where in the pages somebody is. Addresses are relative to `<base>`, which the server sets, so that
// the pages work below any path.

const BASE = new URL(document.baseURI).pathname;

function read(): { path: string; query: URLSearchParams } {
  const { pathname, search } = window.location;
  const inside = pathname.startsWith(BASE) ? pathname.slice(BASE.length) : '';
  return { path: inside.replace(/\/+$/, ''), query: new URLSearchParams(search) };
}

/** What the address says; changes with it. */
export const route = $state(read());

function follow(): void {
  const now = read();
  route.path = now.path;
  route.query = now.query;
}

/** Returns the address of a page for links: `reviews/ID`. */
export function href(path: string): string {
  return BASE + path;
}

/** Goes to a page. */
export function go(path: string, options: { replace?: boolean } = {}): void {
  const address = href(path);
  if (options.replace) window.history.replaceState(null, '', address);
  else window.history.pushState(null, '', address);
  const samePage = route.path === read().path;
  follow();
  if (!samePage) window.scrollTo(0, 0);
}

/** Changes members of the query of this page; an empty text takes one away. */
export function setQuery(members: Record<string, string | undefined>): void {
  const query = new URLSearchParams(window.location.search);
  for (const [name, value] of Object.entries(members)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  go(text ? `${route.path}?${text}` : route.path, { replace: true });
}

/** Follows links of these pages without loading the document again. */
export function listen(): void {
  window.addEventListener('popstate', follow);
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.('a[href]');
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute('download')) return;
    const url = new URL(link.href);
    if (url.origin !== window.location.origin || !url.pathname.startsWith(BASE)) return;
    const path = url.pathname.slice(BASE.length);
    if (/^(api|auth|docs|redoc|health|metrics|webhooks)(\/|$)/.test(path)) return;
    event.preventDefault();
    if (link.hash && path === route.path) return;
    go(path + url.search);
  });
}
