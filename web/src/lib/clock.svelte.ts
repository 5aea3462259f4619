// The time, for what says how long ago something was; and whether people want it said so.

export const clock = $state({ now_ms: Date.now() });
window.setInterval(() => {
  clock.now_ms = Date.now();
}, 20_000);

function kept(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function keep(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // It holds until the page is closed.
  }
}

export type Theme = 'system' | 'light' | 'dark';

const theme = kept('assay-theme');

/** What somebody chose for this browser. */
export const taste = $state<{ theme: Theme; exactTimes: boolean; wrap: boolean }>({
  theme: theme === 'light' || theme === 'dark' ? theme : 'system',
  exactTimes: kept('assay-times') === 'exact',
  wrap: kept('assay-wrap') !== 'no',
});

export function setTheme(theme: Theme): void {
  taste.theme = theme;
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  keep('assay-theme', theme === 'system' ? null : theme);
}

export function setExactTimes(exact: boolean): void {
  taste.exactTimes = exact;
  keep('assay-times', exact ? 'exact' : null);
}
