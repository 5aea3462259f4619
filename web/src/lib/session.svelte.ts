// Who is signed in, and what they may do.

import { api, setCsrfToken, told, whenSignedOut, type Schemas } from './api';

export const session = $state<{
  state: 'unknown' | 'out' | 'in' | 'unreachable';
  profile: Schemas['Profile'] | null;
}>({ state: 'unknown', profile: null });

whenSignedOut(() => {
  session.state = 'out';
  session.profile = null;
});

/** Finds out whether the browser has a session. */
export async function open(): Promise<void> {
  try {
    // Both at once: who has no session is told so by either.
    const asked = told(api.GET('/api/v1/user/profile'));
    asked.catch(() => undefined);
    const { data, response } = await api.GET('/api/v1/auth/session');
    if (!response.ok || !data) {
      session.state = 'out';
      return;
    }
    setCsrfToken(data.csrf_token);
    session.profile = await asked;
    session.state = 'in';
  } catch {
    session.state = 'unreachable';
  }
}

/** Signs in with a key. */
export async function signIn(key: string): Promise<void> {
  const begun = await told(api.POST('/api/v1/auth/session', { body: { key } }));
  setCsrfToken(begun.csrf_token);
  session.profile = await told(api.GET('/api/v1/user/profile'));
  session.state = 'in';
}

/** Signs out. */
export async function signOut(): Promise<void> {
  await told(api.DELETE('/api/v1/auth/session'));
  session.state = 'out';
  session.profile = null;
}

/** Returns whether the person may do something, such as `finding:judge`. */
export function may(permission: string): boolean {
  return session.profile?.permissions.includes(permission) ?? false;
}
