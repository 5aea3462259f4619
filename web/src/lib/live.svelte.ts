// A live session as the pages show it, over the browser's WebSocket.

import { api } from './api';
import { NO_WAY, after, type Way } from './found';
import { LiveSession, type Draft, type LiveEvent, type LiveMessage, type LivePerson, type LiveState, type World } from './live';

/** So many messages are held by a page, the newest. */
const MESSAGES_MAX = 2_000;
/** Who asks for what came after this gets nothing of what happened: the review is over and known. */
const END = '9223372036854775807';

export class Live {
  state = $state<LiveState>('connecting');
  people = $state.raw<LivePerson[]>([]);
  own = $state('');
  messages = $state.raw<LiveMessage[]>([]);
  drafts = $state.raw<Draft[]>([]);
  /** How far the review is, and what it found so far. */
  way = $state.raw<Way>(NO_WAY);
  readonly #session: LiveSession;
  readonly #end: () => void;
  #waiting: LiveMessage[] = [];
  #way: Way = NO_WAY;
  #isSoon = false;

  constructor(
    review: string,
    options: { isOver: boolean; onEvent: (event: LiveEvent) => void; onRestarted: (review: string) => void; onRefused: (detail: string) => void },
  ) {
    this.#session = new LiveSession(
      worldOf(review),
      {
        state: (state) => (this.state = state),
        people: (people, own) => {
          this.people = people;
          this.own = own;
        },
        message: (message) => {
          this.#waiting.push(message);
          this.#soon();
        },
        event: (event) => {
          const way = after(this.#way, event);
          if (way !== this.#way) {
            this.#way = way;
            this.#soon();
          }
          options.onEvent(event);
        },
        drafts: (drafts) => {
          // What was kept is shown in the moment in which it is no draft any more.
          this.#flush();
          this.drafts = drafts;
        },
        restarted: options.onRestarted,
        refused: options.onRefused,
      },
      options.isOver ? END : null,
    );
    const join = () => this.#session.join();
    const lost = () => this.#session.wentOffline();
    const seen = () => document.visibilityState === 'visible' && join();
    window.addEventListener('online', join);
    window.addEventListener('offline', lost);
    document.addEventListener('visibilitychange', seen);
    this.#end = () => {
      window.removeEventListener('online', join);
      window.removeEventListener('offline', lost);
      document.removeEventListener('visibilitychange', seen);
    };
    join();
  }

  say(text: string, fingerprint: string | null = null): void {
    this.#session.say(text, fingerprint);
  }
  retry(id: string): void {
    this.#session.retry(id);
  }
  forget(id: string): void {
    this.#session.forget(id);
  }
  lookAt(fingerprint: string | null): void {
    this.#session.lookAt(fingerprint);
  }
  join(): void {
    this.#session.join();
  }
  startAnalysis(): void {
    this.#session.startAnalysis();
  }
  leave(): void {
    this.#end();
    this.#session.leave();
  }

  /** Many that come at once are shown together. */
  #soon(): void {
    if (this.#isSoon) return;
    this.#isSoon = true;
    queueMicrotask(() => setTimeout(() => this.#flush()));
  }

  #flush(): void {
    this.#isSoon = false;
    if (this.#waiting.length > 0) {
      this.messages = [...this.messages, ...this.#waiting].slice(-MESSAGES_MAX);
      this.#waiting = [];
    }
    this.way = this.#way;
  }
}

function worldOf(review: string): World {
  const address = new URL(`api/v1/review/${encodeURIComponent(review)}/live`, document.baseURI);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  return {
    open: (ears) => {
      const socket = new WebSocket(address);
      socket.addEventListener('open', () => ears.opened());
      socket.addEventListener('message', (event) => ears.said(String(event.data)));
      socket.addEventListener('close', () => ears.closed());
      return socket;
    },
    check: async () => {
      try {
        const { response } = await api.GET('/api/v1/review/{id}/messages', { params: { path: { id: review }, query: { limit: 1 } } });
        return response.ok ? 'may' : [401, 403, 404].includes(response.status) ? 'may not' : 'unreachable';
      } catch {
        return 'unreachable';
      }
    },
    later: (ms, act) => {
      const timer = window.setTimeout(act, ms);
      return () => window.clearTimeout(timer);
    },
    random: () => Math.random(),
    isOnline: () => navigator.onLine,
    newId,
  };
}

/** `crypto.randomUUID` is there on encrypted pages only. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
